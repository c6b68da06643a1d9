"""The smallest training there is: a tiny network on drawn shapes, in this process or in one that can be killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from cvdata.dataset.select import keep_images
from cvdata.engine import Progress, Silent
from cvdata.errors import CvdataError, TrainingError
from cvdata.models.batch import Batch, Found
from cvdata.models.networks.network import Network, Stage
from cvdata.models.run_folder import Epoch
from cvdata.models.spec import ModelSpec
from cvdata.train import ranks
from cvdata.train.data.part import Part
from cvdata.train.folder import RunFolder
from cvdata.train.loop.fit import Fitted, fit
from cvdata.train.settings import TrainSettings

from ..kills import killed_before
from .shapes import CLASSES, draw_classes

__all__ = ["Accuracy", "Failing", "SmallNetwork", "parts", "settings", "start", "train"]

SPEC = ModelSpec(task="classifier", architecture="small", classes=CLASSES, size=(32, 32))


class SmallNetwork(Network):
    """A classifier of a thousand weights, with norms and dropout; its loss is no number for one picture, if asked."""

    def __init__(self, spec: ModelSpec = SPEC, *, bad_row: int = -1) -> None:
        super().__init__(spec)
        self.bad_row = bad_row
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8), nn.ReLU())
        self.body = nn.Sequential(nn.Conv2d(8, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8), nn.ReLU())
        self.drop = nn.Dropout(0.1)
        self.head = nn.Linear(8, len(spec.classes))

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        assert batch.target is not None
        loss = nn.functional.cross_entropy(self._logits(batch.images), batch.target)
        if self.training and bool((batch.rows == self.bad_row).any()):
            loss = loss * float("nan")
        return {"class": loss}

    def found(self, images: Tensor) -> Found:
        return Found(scores=self._logits(images).softmax(1))

    def stages(self) -> list[Stage]:
        return [
            Stage("stem", (self.stem,), True),
            Stage("body", (self.body,), True),
            Stage("head", (self.drop, self.head), False),
        ]

    def heat_layer(self) -> nn.Module:
        return self.body

    def _logits(self, images: Tensor) -> Tensor:
        hidden: Tensor = self.body(self.stem(self.normalised(images)))
        logits: Tensor = self.head(self.drop(hidden.mean((2, 3))))
        return logits


class Accuracy:
    """A judge of the share of pictures whose surest class is right."""

    metric = "accuracy"

    def __init__(self, part: Part, *, given: Mapping[int, float | None] | None = None) -> None:
        """Begin; `given` figures stand in for those of an epoch, from 1."""
        self._truth = part.dataset.annotations.category
        self._given = given or {}
        self._kept: list[tuple[NDArray[np.int64], NDArray[np.float32]]] = []
        self._validations = 0
        self.seen: list[list[int]] = []
        self.drawn: list[int] = []
        self.training: list[bool] = []

    def start(self) -> None:
        self._kept = []

    def add(self, found: Found, rows: Tensor) -> None:
        assert found.scores is not None
        self._kept.append((rows.cpu().numpy(), found.scores.cpu().numpy()))

    def parts(self) -> object:
        return self._kept

    def metrics(self, parts: list[Any]) -> dict[str, float | None]:
        rows = np.concatenate([rows for part in parts for rows, _ in part])
        scores = np.concatenate([scores for part in parts for _, scores in part])
        self.seen.append(sorted(rows.tolist()))
        self._validations += 1
        right = float((scores.argmax(1) == self._truth[rows]).mean())
        return {"accuracy": self._given.get(self._validations, right), "undefined": None}

    def epoch_done(self, history: list[Epoch], network: Network) -> None:
        self.drawn.append(history[-1].epoch)
        self.training.append(network.training)


def parts(folder: Path, images: int = 20) -> tuple[Part, Part]:
    """Draw pictures, and return the part to learn from and the one to validate with."""
    dataset = draw_classes(folder / str(ranks.rank()), images, 32, val=0.4)
    train, val = (np.flatnonzero(dataset.images.split == number) for number in range(2))
    return Part(dataset=keep_images(dataset, train)), Part(dataset=keep_images(dataset, val))


def settings(**more: Any) -> TrainSettings:
    """Return settings for three epochs of three steps on a CPU."""
    usual: dict[str, Any] = {
        "task": "classifier", "architecture": "small", "rate": 0.01, "epochs": 3, "batch": 4, "workers": 0,
        "accelerator": "cpu", "size": (32, 32), "recipe": "light",
    }  # fmt: skip
    return TrainSettings(**{**usual, **more})


def train(
    pictures: Path,
    run: Path,
    *,
    resume: bool = False,
    network: SmallNetwork | None = None,
    judge: Accuracy | None = None,
    progress: Progress | None = None,
    **more: Any,
) -> Fitted:
    """Train a small network in a run folder."""
    learn, check = parts(pictures)
    if network is None:
        torch.manual_seed(1)
        network = SmallNetwork()
    folder = RunFolder(run, writes=ranks.is_first())
    with folder:
        return fit(
            network,
            learn,
            check,
            settings(**more),
            folder,
            judge or Accuracy(check),
            resume=resume,
            progress=progress or Silent(),
        )


class Failing(SmallNetwork):
    """A network that ends its process in one way or another, on one rank alone, in the second epoch."""

    def __init__(self, how: str, rank: int) -> None:
        super().__init__()
        self._how, self._rank, self._steps = how, rank, 0

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        self._steps += self.training
        if self._steps == 4 and ranks.rank() == self._rank:
            if self._how == "raise":
                raise TrainingError("this rank alone cannot go on")
            if self._how == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            while self._how == "wait":
                time.sleep(0.05)
            return {name: loss * float("nan") for name, loss in super().losses(batch).items()}
        return super().losses(batch)


class Still(SmallNetwork):
    """A network whose norms keep their statistics, and which drops nothing."""

    def train(self, mode: bool = True) -> Still:
        super().train(False)
        self.training = mode
        return self


class Told:
    """A progress that says on stderr which epoch begins, for whoever waits to kill it."""

    def start(self, task: str, total: int) -> None:
        sys.stderr.write(f"{task} / {total}\n")
        sys.stderr.flush()

    def advance(self, items: int) -> None:
        pass


def start(pictures: Path, run: Path, **how: Any) -> subprocess.Popen[str]:
    """Begin a training in a process of its own.

    Args:
        how: `kill`, the change of the disk before which it kills itself; `failing`, arguments of `Failing`; `still`,
            for a network without moods; `resume`; and settings.
    """
    asked = json.dumps({"pictures": str(pictures), "run": str(run), **how})
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "TORCH_CPP_LOG_LEVEL": "ERROR"}
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "tests.train.small", asked],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=Path(__file__).resolve().parents[2],
        start_new_session=True,
    )


def _main(
    pictures: str,
    run: str,
    *,
    kill: int = 0,
    failing: tuple[str, int] | None = None,
    still: bool = False,
    **how: Any,
) -> int:
    torch.set_num_threads(1)
    torch.manual_seed(1)
    network = Failing(*failing) if failing else Still() if still else SmallNetwork()
    try:
        killed_before(kill, lambda: train(Path(pictures), Path(run), network=network, progress=Told(), **how))
    except CvdataError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(_main(**json.loads(sys.argv[1])))
