"""Lets one process at a time open the embedded store.

Opening an SQLite store creates or upgrades its tables; several processes that do so at once crash inside MLflow
("duplicate column", "table already exists"). The store's constructor therefore runs under a file lock.
"""

import functools
import os
import threading

from . import _lockfile
from ._channel import guarded, settings
from ._upgrade import upgrade

_PATIENCE = 300  # seconds until the store is opened without the lock: an upgrade takes seconds

_mutex = threading.RLock()
_depth = 0


def apply(module):
    """Wraps SqlAlchemyStore.__init__ of the tracking store or of the model registry."""
    if (
        _lockfile.fcntl is None
        or not str(settings().get("tracking_uri")).startswith("sqlite:")
        or not settings().get("store_lock")
    ):
        return
    store = module.SqlAlchemyStore
    initialize = store.__init__

    @functools.wraps(initialize)
    def __init__(self, db_uri, *args, **kwargs):
        if not str(db_uri).startswith("sqlite:"):
            return initialize(self, db_uri, *args, **kwargs)
        with _Locked(settings()["store_lock"]):
            guarded(upgrade, db_uri)  # what it can't do, MLflow does in its own way
            return initialize(self, db_uri, *args, **kwargs)

    store.__init__ = __init__


class _Locked:
    """Holds the lock file; a thread may enter again (a store opens the registry's while it opens)."""

    def __init__(self, path):
        self._path = path
        self._fd = None

    def __enter__(self):
        global _depth
        _mutex.acquire()
        _depth += 1
        if _depth == 1:
            self._fd = _lockfile.take(self._path, _PATIENCE)

    def __exit__(self, *exception):
        global _depth
        _depth -= 1
        if self._fd is not None:
            _lockfile.release(self._fd)
        _mutex.release()


def _after_fork():
    """In a forked child no other thread is left that could release the mutex."""
    global _mutex, _depth
    _mutex, _depth = threading.RLock(), 0


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
