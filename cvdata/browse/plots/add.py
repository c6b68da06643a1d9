"""What FiftyOne's panels show besides the samples: an evaluation, embeddings, where a network looked."""

from __future__ import annotations

from typing import Any

from ..names import HEAT
from ..subject import Subject
from .curves import put_curves
from .embeddings import put_embeddings
from .evaluation import put_evaluation
from .heat import colour_heat

__all__ = ["add_plots"]


def add_plots(fiftyone: Any, samples: Any, subject: Subject) -> None:
    """Bring the plots of a dataset of FiftyOne up to date with what was put on its samples.

    - the Model Evaluation panel: the run `eval`, see `put_evaluation`;
    - the panel "Precision and recall", see `cvdata.browse.panels`: the run `curves`, see `put_curves`;
    - the Embeddings panel: the run `embeddings`, see `put_embeddings`;
    - heat maps: their colours.

    The Histograms panel needs nothing.

    Two things to know of the Model Evaluation panel of FiftyOne 1.22. Its "False Positives" and "False Negatives" leave
    confused pairs out: a detection of another class and the object right under it stand beside the diagonal of the
    matrix and in neither figure, while the attribute `eval`, and so the labels that a click on a figure opens, have
    them as fp and fn. And there is no run for labels of whole pictures: FiftyOne's asks for fields of one label, ours
    are lists, since a picture may have several, and in a run on them no cell would open a picture. Their errors are
    views, and their matrix is in the page of `cvdata eval`.

    Args:
        fiftyone: the module; `samples`: FiftyOne's dataset, with the labels of `subject` in it.
    """
    put_evaluation(samples, subject)
    put_curves(samples, subject)
    put_embeddings(fiftyone, samples, subject)
    if samples.has_sample_field(HEAT):
        colour_heat(fiftyone, samples)
