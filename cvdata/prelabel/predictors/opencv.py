"""Classical detectors of OpenCV: faces by Haar cascades, people by HOG. They come with the package, no download."""

from __future__ import annotations

from ...errors import UsageError, nearest_of, show
from ...models.predictor import Predictor
from .family import ModelOptions

__all__ = ["EXAMPLES", "NAME", "SUMMARY", "claims", "load"]

NAME = "opencv"
SUMMARY = "OpenCV's own detectors, nothing to download: faces, profile-faces, eyes, people, cat-faces, ..."
EXAMPLES = ("opencv:faces", "opencv:people", "opencv:cat-faces")

CASCADES = {
    "faces": ("face", "haarcascade_frontalface_alt2.xml"),
    "profile-faces": ("face", "haarcascade_profileface.xml"),
    "eyes": ("eye", "haarcascade_eye.xml"),
    "eyes-with-glasses": ("eye", "haarcascade_eye_tree_eyeglasses.xml"),
    "full-bodies": ("person", "haarcascade_fullbody.xml"),
    "upper-bodies": ("upper body", "haarcascade_upperbody.xml"),
    "lower-bodies": ("lower body", "haarcascade_lowerbody.xml"),
    "cat-faces": ("cat face", "haarcascade_frontalcatface_extended.xml"),
    "licence-plates": ("licence plate", "haarcascade_russian_plate_number.xml"),
}
"""What the cascades of the package find: the name of the class, and the file. Of several for faces this is the one
that is least often wrong; smiles are left out, as their cascade is for the inside of a face alone."""

PEOPLE = "people"


def claims(path: str) -> bool:  # noqa: ARG001 - it has no files
    """Tell whether a path is one of its models: none is."""
    return False


def load(what: str, options: ModelOptions) -> Predictor:
    """Make a detector ready; see `Family.load`.

    Args:
        what: `faces`, `people`, ...; see `CASCADES`.
    """
    known = [*CASCADES, PEOPLE]
    if what not in known:
        named = f"has no detector '{show(what)}'" if what else "has several detectors, and none is named"
        raise UsageError(f"OpenCV {named}", hint=f"{nearest_of(what, known)}; write --model opencv:faces")
    if options.weights is not None:
        raise UsageError("--weights is not for OpenCV's detectors, which bring their own", hint="leave it out")
    from ._opencv_finders import CascadeFinder, PeopleFinder

    return PeopleFinder() if what == PEOPLE else CascadeFinder(what, *CASCADES[what])
