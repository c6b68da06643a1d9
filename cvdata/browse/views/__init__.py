"""What to look at, under plain names."""

from __future__ import annotations

from .attributes import attributes
from .choose import Chosen, chosen, errors_of, suspicion_of
from .listed import views_of
from .view import Is, View

__all__ = ["Chosen", "Is", "View", "attributes", "chosen", "errors_of", "suspicion_of", "views_of"]
