"""Turn proposals into truth: `cvdata accept`."""

from .job import Accepted, accept
from .offers import Offer, Opinions, offers_of
from .report import REASONS, AcceptedClass, AcceptedPrediction, AcceptPart, AcceptReport
from .settings import AcceptSettings, check_accept
from .tagged import opinions_of_tags

__all__ = [
    "REASONS",
    "AcceptPart",
    "AcceptReport",
    "AcceptSettings",
    "Accepted",
    "AcceptedClass",
    "AcceptedPrediction",
    "Offer",
    "Opinions",
    "accept",
    "check_accept",
    "offers_of",
    "opinions_of_tags",
]
