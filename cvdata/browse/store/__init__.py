"""A subject in FiftyOne: its documents written in bulk and brought up to date, its fields, its saved views.

put        all of it; `samples`: FiftyOne's dataset as such, and what goes from it
loading    documents, batch by batch; `writer`: in bulk or through the API; `update`: what was there already
schema     fields, colours and what a person may edit; `saved`: the views
"""

from .put import Put, browse_name, documents_of, put_subject

__all__ = ["Put", "browse_name", "documents_of", "put_subject"]
