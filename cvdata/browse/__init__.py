"""Datasets in FiftyOne, and back; the only files that import it.

session    whether FiftyOne is there, its database, and each trouble with the cure
load       a dataset as samples of FiftyOne; `boxes`, `outlines`: what changes on the way
review     proposals put there for a person to correct; `fields`, `views`: how the App shows them
pull       what the person left, as a dataset again; `left`: label by label
app        the App in a browser; `serving`, `guard`: the server behind it, which answers this machine alone
"""

from __future__ import annotations

from .app import PORT, open_app
from .pull import Pulled, read_review
from .review import Put, put_review, review_name
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
