"""cvdata: from a folder of pictures to a corrected, balanced dataset and a trained, measured model."""

from ._version import __version__

__all__ = ["__version__"]
