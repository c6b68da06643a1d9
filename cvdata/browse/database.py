"""FiftyOne's database before FiftyOne uses it: each trouble is found at once, where FiftyOne waits 30 to 60 seconds.

Nothing here changes what FiftyOne does; it is asked where its database is, and that is looked at.
"""

from __future__ import annotations

import errno
import importlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

from ..errors import BrowseError, show

__all__ = ["check_database", "last_words", "newer_database"]

_ANSWER_MS = 5000
_LEAST_FREE = 64 * 2**20
_OTHER_FOLDER = "FIFTYONE_DATABASE_DIR=<folder> names another"
_LOG_END = 64 * 1024


def check_database(module: Any) -> None:
    """Refuse a database that cannot be used, before FiftyOne tries.

    Args:
        module: `fiftyone`, not connected yet.

    Raises:
        BrowseError: `FIFTYONE_DATABASE_URI` is malformed or nobody answers there; the folder of the own database cannot
            be written to, its disk is full, or another MongoDB has it open.
    """
    if module.config.database_uri is not None:
        _check_uri(str(module.config.database_uri))
    elif not _runs_already():
        _check_folder(Path(module.config.database_dir))


def newer_database(module: Any) -> str | None:
    """Return the version of the FiftyOne that last used the database, if it is newer than this one can work with."""
    version = importlib.import_module("packaging.version").Version
    odm = importlib.import_module("fiftyone.core.odm")
    last = odm.get_db_config().version
    return str(last) if last and version(last) > version(module.__version__) else None


def last_words(folder: Path) -> str:
    """Return the last error that a MongoDB wrote into its log, '' for none: a line of JSON each, see its manual."""
    try:
        with (folder / "log" / "mongo.log").open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - _LOG_END))
            lines = log.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    for line in reversed(lines):
        try:
            entry = json.loads(line)
            if entry["s"] in ("E", "F"):
                return str(entry.get("attr", {}).get("error") or entry["msg"])
        except (ValueError, KeyError, TypeError, AttributeError):  # the cut first line, or one of another version
            continue
    return ""


def _check_uri(uri: str) -> None:
    """Ask the database that the user names whether it is there.

    Raises:
        BrowseError: it is not, or the address is none. A password in it is never shown.
    """
    pymongo = importlib.import_module("pymongo")
    errors = importlib.import_module("pymongo.errors")
    # A shorter wait that the user gives in the address stays; FiftyOne itself waits 30 s.
    own = {} if "serverselectiontimeoutms" in uri.lower() else {"serverSelectionTimeoutMS": _ANSWER_MS}
    try:
        with pymongo.MongoClient(uri, **own) as client:
            client.admin.command("ping")
    except (errors.ConfigurationError, errors.InvalidName, ValueError) as error:
        raise BrowseError(
            "FIFTYONE_DATABASE_URI is no address of a MongoDB",
            hint="such as mongodb://localhost:27017; ':', '/' and '@' in a name or password are written %3A, %2F, %40",
        ) from error
    except errors.ConnectionFailure as error:
        raise BrowseError(
            "the database that FIFTYONE_DATABASE_URI names does not answer",
            hint="start it, or unset the variable: FiftyOne then starts its own",
        ) from error
    except errors.OperationFailure as error:
        raise BrowseError(
            f"the database that FIFTYONE_DATABASE_URI names refuses: {show(str(error.details or error))}",
            hint="name and password stand before the host: mongodb://name:password@host:27017",
        ) from error


def _runs_already() -> bool:
    """Tell whether FiftyOne will attach to a database that runs already: of another FiftyOne of this user."""
    # As FiftyOne 1.22 does, core/service.py, MultiClientService.start, and odm/database.py, establish_db_conn.
    if os.environ.get("FIFTYONE_PRIVATE_DATABASE_PORT") or os.environ.get("FIFTYONE_DISABLE_SERVICES"):
        return True
    service = importlib.import_module("fiftyone.core.service")
    return any(True for _ in service.fosu.find_processes_by_args(["--51-service", "db", "--multi"]))


def _check_folder(folder: Path) -> None:
    """Refuse a folder in which no MongoDB can be started.

    Raises:
        BrowseError: as `check_database`.
    """
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        raise BrowseError(f"FiftyOne cannot write its database into '{show(folder)}'", hint=_OTHER_FOLDER)
    if shutil.disk_usage(nearest).free < _LEAST_FREE:
        raise BrowseError(f"the disk with FiftyOne's database '{show(folder)}' is full", hint=_OTHER_FOLDER)
    owner = _owner(folder / "mongod.lock")
    if owner is not None:
        raise BrowseError(
            f"another MongoDB has FiftyOne's database '{show(folder)}' open{owner}",
            hint=f"end it (one whose FiftyOne was killed stays), or use another folder: {_OTHER_FOLDER}",
        )


def _owner(lock: Path) -> str | None:
    """Return who holds the lock of a MongoDB's folder, in words; None for nobody.

    A MongoDB that was killed leaves the file, but not the lock on it, and the next one repairs what it left.
    """
    try:
        fcntl: Any = importlib.import_module("fcntl")
    except ImportError:  # Windows: FiftyOne says it itself, later
        return None
    try:
        with lock.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)  # MongoDB locks with flock; ours ends with the file
            except OSError as error:
                if error.errno not in (errno.EACCES, errno.EAGAIN):
                    return None
                number = file.read(20).strip().decode("ascii", "replace")
                return f" (process {number})" if number.isdigit() else ""
    except FileNotFoundError:
        return None
    except PermissionError:
        return " (of another user)"
    except OSError:
        return None
    return None
