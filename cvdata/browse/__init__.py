"""Datasets in FiftyOne, and back; the only files that import it.

session    whether FiftyOne is there, its database, and each trouble with the cure
review     proposals put there for a person to correct, and what they left
app        the App in a browser; `serving`, `guard`: the server behind it, which answers this machine alone
boxes, outlines    what changes on the way
"""

from __future__ import annotations

from .app import PORT, open_app
from .review import Pulled, Put, put_review, read_review, review_name
from .session import has_database, is_installed, require_fiftyone

__all__ = [
    "PORT",
    "Pulled",
    "Put",
    "has_database",
    "is_installed",
    "open_app",
    "put_review",
    "read_review",
    "require_fiftyone",
    "review_name",
]
