"""Files of weights: read without running anything in them, written the same way every time."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import resource
import struct
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch

from cvdata.errors import ModelError, UsageError
from cvdata.models.weights.reading import SPEC, encode_weights, read_spec, read_weights

from .runs import DETECTOR, network_of, write_run

TENSORS = {"b.weight": torch.arange(6.0).reshape(2, 3), "a.bias": torch.tensor([1, 2], dtype=torch.int64)}


def safetensors(path: Path, header: object, data: bytes = b"") -> Path:
    """Write a file with any header."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return path


def entry(start: int = 0, stop: int = 8, **changes: Any) -> dict[str, Any]:
    """Describe a tensor of two numbers."""
    return {"dtype": "F32", "shape": [2], "data_offsets": [start, stop]} | changes


def saved(path: Path, content: object, **options: Any) -> Path:
    """Write a file as torch does."""
    torch.save(content, path, **options)
    return path


# --- safetensors


def test_what_is_written_is_read(tmp_path: Path) -> None:
    (tmp_path / "w.safetensors").write_bytes(encode_weights(TENSORS, {"from": "here"}))

    read = read_weights(tmp_path / "w.safetensors")

    assert read.keys() == TENSORS.keys()
    assert all(torch.equal(read[name], tensor) and read[name].dtype == tensor.dtype for name, tensor in TENSORS.items())


def test_the_same_weights_are_the_same_bytes() -> None:
    metadata = dict.fromkeys("qwertyuiop", "1")
    backwards = dict(reversed(TENSORS.items()))

    first = encode_weights(TENSORS, metadata)

    assert all(encode_weights(backwards, dict(reversed(metadata.items()))) == first for _ in range(5))
    assert (int.from_bytes(first[:8], "little") + 8) % 8 == 0


def test_a_header_whose_length_looks_like_the_start_of_a_pickle_is_none(tmp_path: Path) -> None:
    header = json.dumps({"a": entry()}).encode().ljust(0x80)  # b"\x80" is how pickles begin

    read = read_weights(safetensors(tmp_path / "w.safetensors", header, struct.pack("<2f", 1, 2)))

    assert read["a"].tolist() == [1, 2]


def test_the_library_reads_what_is_written(tmp_path: Path) -> None:
    from safetensors import safe_open

    for tensors in (TENSORS, {}):
        (tmp_path / "w").write_bytes(encode_weights(tensors, {"z": "\u00e9\n", "a": "2"}))

        with safe_open(tmp_path / "w", "pt") as file:
            assert file.metadata() == {"z": "\u00e9\n", "a": "2"}
            assert sorted(file.keys()) == sorted(tensors)


def test_tensors_that_share_memory_and_views_are_written(tmp_path: Path) -> None:
    whole = torch.arange(6.0).reshape(2, 3)
    (tmp_path / "w").write_bytes(encode_weights({"one": whole, "two": whole, "turned": whole.T}, {}))

    read = read_weights(tmp_path / "w")

    assert torch.equal(read["one"], read["two"])
    assert torch.equal(read["turned"], whole.T)


@pytest.mark.parametrize(
    ("header", "data", "found"),
    [
        ({"a": entry(shape=[3])}, b"\0" * 8, "is damaged"),  # more numbers than bytes
        ({"a": entry(0, 16, shape=[4])}, b"\0" * 8, "is damaged"),  # beyond the end
        ({"a": entry(), "b": entry(4, 12)}, b"\0" * 12, "is damaged"),  # they overlap
        ({"a": entry(), "b": entry(12, 20)}, b"\0" * 20, "is damaged"),  # a hole
        ({"a": entry()}, b"\0" * 9, "is damaged"),  # something behind
        ({"a": entry(8, 0)}, b"\0" * 8, "is damaged"),
        ({"a": entry(shape=[2**40, 2**40])}, b"\0" * 8, "is damaged"),
        ({"a": entry(shape=[-2])}, b"\0" * 8, "is damaged"),
        ({"a": entry(dtype="F8_E4M3", shape=[8])}, b"\0" * 8, "numbers of the kind 'F8_E4M3'"),
        (b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}',
         b"\0" * 8, "has a tensor twice"),
        (b"[" * 10_000, b"", "its header is not what safetensors has"),
        (b'{"a":', b"", "its header is not what safetensors has"),
        ({"a": [1]}, b"", "its header is not what safetensors has"),
        ({"a": entry(more=1)}, b"\0" * 8, "its header is not what safetensors has"),
        ({"__metadata__": {"a": 1}}, b"", "its header is not what safetensors has"),
    ],
)  # fmt: skip
def test_a_hostile_header_is_refused(tmp_path: Path, header: object, data: bytes, found: str) -> None:
    file = safetensors(tmp_path / "w.safetensors", header, data)

    with pytest.raises(ModelError) as error:
        read_weights(file)

    assert "w.safetensors: " in str(error.value)
    assert found in str(error.value)


@pytest.mark.parametrize("length", [1 << 62, (1 << 64) - 1, 1 << 40, 3])
def test_a_header_longer_than_the_file_takes_no_memory(tmp_path: Path, length: int) -> None:
    file = tmp_path / "w.safetensors"
    file.write_bytes(struct.pack("<Q", length) + b"{}")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    with pytest.raises(ModelError, match=f"it announces {length:,} bytes of header, the file has 2"):
        read_weights(file)

    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 100 * (1 << 10 if sys.platform == "linux" else 1 << 20)
    assert read_spec(file) is None


def test_every_cut_of_a_file_is_refused(tmp_path: Path) -> None:
    whole = encode_weights(TENSORS, {"a": "1"})
    file = tmp_path / "w.safetensors"

    for size in range(len(whole)):
        file.write_bytes(whole[:size])
        with pytest.raises(ModelError):
            read_weights(file)


# --- what torch saves


@pytest.mark.parametrize(
    "wrapped",
    [
        TENSORS,
        {"state_dict": TENSORS, "epoch": 3, "hyper": {"rate": 0.1}},
        {"model": TENSORS, "optimizer": {"state": {}}},
        {"model": {"state_dict": TENSORS}},
        {"state_dict_ema": TENSORS, "state_dict": {"b.weight": torch.zeros(2, 3)}},  # as timm prefers
    ],
)
@pytest.mark.parametrize("new", [True, False])
def test_checkpoints_of_other_tools_are_read(tmp_path: Path, wrapped: object, new: bool) -> None:
    file = saved(tmp_path / "w.pt", wrapped, _use_new_zipfile_serialization=new)

    read = read_weights(file)

    assert list(read) == list(TENSORS)
    assert torch.equal(read["b.weight"], TENSORS["b.weight"])


class Bomb:
    """Runs a command when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)

    def __reduce__(self) -> Any:
        return os.mkdir, (self._path,)


@pytest.mark.parametrize("new", [True, False])
def test_a_checkpoint_that_wants_to_run_code_is_refused_and_never_run(tmp_path: Path, new: bool) -> None:
    mark = tmp_path / "ran"
    file = saved(tmp_path / "w.pt", {"a": Bomb(mark)}, _use_new_zipfile_serialization=new)

    with pytest.raises(ModelError) as error:
        read_weights(file)

    assert "it wants to run 'posix.mkdir', which is never done" in str(error.value)
    assert not mark.exists()


@pytest.mark.parametrize("protocol", range(6))
def test_a_bare_pickle_is_refused_and_never_run(tmp_path: Path, protocol: int) -> None:
    (tmp_path / "w.pt").write_bytes(pickle.dumps({"a": Bomb(tmp_path / "ran")}, protocol))

    with pytest.raises(ModelError, match=r"not a file that torch saved|never done"):
        read_weights(tmp_path / "w.pt")

    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "content", [b"", b"PK", b"PK\x03\x04" + b"\0" * 40, b"\x80\x02.", b"\x80\x02}q\x00.", b"nonsense", b"\x80" * 500]
)
def test_what_torch_never_wrote_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "w.pt"
    file.write_bytes(content)

    with pytest.raises(ModelError) as error:
        read_weights(file)

    assert "w.pt: " in str(error.value)
    assert error.value.hint


@pytest.mark.parametrize("new", [True, False])
def test_every_cut_of_a_checkpoint_is_refused(tmp_path: Path, new: bool) -> None:
    whole = saved(tmp_path / "whole.pt", TENSORS, _use_new_zipfile_serialization=new).read_bytes()
    file = tmp_path / "w.pt"

    for size in range(0, len(whole), 7):
        file.write_bytes(whole[:size])
        with pytest.raises(ModelError):
            read_weights(file)


class Glutton:
    """Asks for memory when it is unpickled."""

    def __reduce__(self) -> Any:
        return bytearray, (1 << 33,)


@pytest.mark.parametrize("kind", ["zip", "legacy", "pickle"])
def test_a_checkpoint_that_asks_for_memory_gets_none(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "w.pt"
    if kind == "pickle":
        file.write_bytes(pickle.dumps({"a": Glutton()}, 2))
    else:
        saved(file, {"a": Glutton()}, _use_new_zipfile_serialization=kind == "zip")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    with pytest.raises(ModelError, match="it wants to run 'bytearray'"):
        read_weights(file)

    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 100 * (1 << 10 if sys.platform == "linux" else 1 << 20)


def test_a_checkpoint_that_unpacks_to_far_more_than_it_is_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "w.pt"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data/0", bytes(50_000_000))

    with pytest.raises(ModelError, match="unpacks to 50,000,000 bytes"):
        read_weights(file)


@pytest.mark.parametrize("content", [{}, {"a": 1}, [1, 2], "text", {"epoch": 1, "model": {"a": "b"}}])
def test_a_checkpoint_without_weights_says_so(tmp_path: Path, content: object) -> None:
    with pytest.raises(ModelError, match="holds no weights by name"):
        read_weights(saved(tmp_path / "w.pt", content))


# --- hashes and places


def test_the_hash_beside_a_file_is_checked(tmp_path: Path) -> None:
    file = saved(tmp_path / "w.pt", TENSORS)
    right = hashlib.sha256(file.read_bytes()).hexdigest()
    beside = tmp_path / "w.pt.sha256"

    beside.write_text(f"{right.upper()}  w.pt\n")
    assert list(read_weights(file)) == list(TENSORS)

    beside.write_text("0" * 64 + "  w.pt\n")
    with pytest.raises(ModelError, match=rf"its SHA-256 is {right[:16]}…, expected 0{{16}}… as 'w.pt.sha256' says"):
        read_weights(file)

    beside.write_text("none\n")
    with pytest.raises(ModelError, match=r"w\.pt\.sha256: line 1: holds no SHA-256"):
        read_weights(file)


def test_a_hash_that_was_given_is_checked(tmp_path: Path) -> None:
    file = saved(tmp_path / "w.pt", TENSORS)
    right = hashlib.sha256(file.read_bytes()).hexdigest()

    assert list(read_weights(file, sha256=right)) == list(TENSORS)
    with pytest.raises(ModelError, match="its SHA-256 is"):
        read_weights(file, sha256="f" * 64)


def test_only_a_regular_file_is_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(UsageError, match="do not exist"):
        read_weights(tmp_path / "nowhere.pt")
    with pytest.raises(ModelError, match="is a folder"):
        read_weights(tmp_path)
    with pytest.raises(ModelError, match="is a device or a pipe"):
        read_weights(tmp_path / "pipe")


def test_weights_of_cvdata_say_what_they_are_for(tmp_path: Path) -> None:
    network = network_of(DETECTOR)
    run = write_run(tmp_path / "run", network)
    (tmp_path / "plain").write_bytes(encode_weights(TENSORS, {}))
    (tmp_path / "strange").write_bytes(encode_weights(TENSORS, {SPEC: '{"task": "poet"}'}))

    assert read_spec(run / "weights/best.safetensors") == network.spec
    assert read_spec(tmp_path / "plain") is None
    assert read_spec(tmp_path / "strange") is None
    assert read_spec(saved(tmp_path / "w.pt", TENSORS)) is None
