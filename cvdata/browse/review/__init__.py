"""A review in FiftyOne: proposals that a person corrects, and what they left.

put        proposals put there, and brought up to date; `documents`: as FiftyOne keeps them; `views`: what to look at
pull       what the person left, as a dataset again; `left`: label by label
"""

from .pull import Pulled, read_review
from .put import Put, put_review, review_name

__all__ = ["Pulled", "Put", "put_review", "read_review", "review_name"]
