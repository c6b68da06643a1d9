from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

GROUPS = ("coco_", "voc_", "yolo_", "out_", "img_", "link_", "special_", "zip_", "tar_", "name_", "eval_", "model_")

# The class name of this case, in GBK, is the two bytes C3 A8, which are also good UTF-8 for "è": no reader can tell.
BEYOND = {"yolo_yaml_gbk"}


@pytest.fixture(scope="module")
def corpus(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    maker = shared / "badcorpus/make_bad_corpus.py"
    if not maker.is_file():
        pytest.skip(f"no corpus of bad inputs: {maker} is missing")
    folder = tmp_path_factory.mktemp("badcorpus") / "corpus"
    subprocess.run([sys.executable, str(maker), str(folder)], check=True, capture_output=True)
    return folder


@pytest.mark.slow
def test_every_bad_input_is_refused_or_quarantined_by_name(shared: Path, corpus: Path) -> None:
    runner = shared / "badcorpus/run_bad_corpus.py"
    cvdata = Path(sys.executable).with_name("cvdata")
    names = sorted(path.parent.name for path in corpus.glob("*/expect.json"))
    cases = corpus.with_name("cases.txt")
    cases.write_text("\n".join(n for n in names if n.startswith(GROUPS) and n not in BEYOND), "utf-8")

    done = subprocess.run(
        [sys.executable, str(runner), str(corpus), "--cvdata", str(cvdata), "--cases", str(cases)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )

    assert done.returncode == 0, done.stdout
