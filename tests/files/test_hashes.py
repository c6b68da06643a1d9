from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from cvdata.files.hashes import hash_file, hash_files


@pytest.mark.parametrize("size", [0, 1, 1 << 20, (1 << 20) + 1])
def test_the_hash_is_that_of_all_bytes(tmp_path: Path, size: int) -> None:
    data = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    (tmp_path / "a").write_bytes(data)

    assert hash_file(tmp_path / "a") == hashlib.sha256(data).digest()


def test_a_file_that_is_not_there_has_none_and_the_others_have_theirs(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")

    found = hash_files([f"{tmp_path}/a", f"{tmp_path}/missing", str(tmp_path)])

    assert found == [hashlib.sha256(b"a").digest(), None, None]
