"""The result file of a step, which several processes may add to at the same time.

Each addition reads the file, merges, and replaces it, under a lock: what a process has added stays, also if another one is
killed meanwhile. The script may also write the file itself; that is merged like what another process added.
"""

import contextlib
import json
import os
import threading
import warnings

from . import _lockfile
from ._channel import emit
from ._channel import path as hook_path

_PATIENCE = 60  # seconds to wait for other processes, which hold the lock for milliseconds
_CONFLICTS = 20  # that one process tells

_mutex = threading.Lock()
_held = None  # descriptor of the lock file
_written = {}  # (file, section, key): the value that this process gave it
_told = set()


def add(path, added):
    """Merges a document into the result file and returns the whole. The last word wins; where it replaces what was
    written outside this process, a warning says so."""
    path = os.path.realpath(path)
    with _locked(path):
        if os.path.exists(path) and not os.path.isfile(path):  # such as /dev/null, which nobody may replace
            with open(path, "w", encoding="ascii") as file:
                json.dump(added, file, allow_nan=False)
            return added
        found = _read(path)
        merged = _merged(found, added)
        write(path, merged)
        _note_conflicts(path, found, added)
    return merged


def _read(path):
    try:
        with open(path, encoding="utf-8-sig") as file:
            text = file.read()
    except FileNotFoundError:
        return {}
    if not text.strip():
        return {}
    try:
        found = json.loads(text)
    except ValueError as error:
        raise ValueError("%s is not JSON: %s" % (path, error)) from None
    if not isinstance(found, dict):
        raise ValueError("%s holds no JSON object" % path)
    return found


def _merged(found, added):
    merged = dict(found)
    for key, value in added.items():
        before = merged.get(key)
        if isinstance(value, dict) and isinstance(before, dict):
            value = dict(before, **value)
        elif key == "artifacts" and before is not None:
            before = [before] if isinstance(before, str) else list(before)
            value = before + [item for item in value if item not in before]
        merged[key] = value
    return merged


def _note_conflicts(path, found, added):
    before, now = dict(_values(found)), dict(_values(added))
    for place, value in now.items():
        full = (path,) + place
        if place in before and before[place] != value and (full not in _written or before[place] != _written[full]):
            _tell(*place)
        _written[full] = value


def _values(document):
    """Yields each value with its place, (section, key). Artifacts are no such value: they add up."""
    for section, value in document.items():
        if isinstance(value, dict):
            for key, inner in value.items():
                yield (section, key), inner
        elif section != "artifacts":
            yield (section, ""), value


def _tell(section, key):
    if len(_told) < _CONFLICTS and (section, key) not in _told:
        _told.add((section, key))
        emit(
            "warning",
            message="mlops_track.result: several processes set %s to different values; the last one is used"
            % ("%s %r" % (section, key) if key else section),
        )


@contextlib.contextmanager
def _locked(path):
    global _held
    with _mutex:
        _held = _take(path)
        try:
            yield
        finally:
            held, _held = _held, None
            if held is not None:
                _lockfile.release(held)


def _take(path):
    """Locks a file in the step's private folder, so that none is left beside the result; without that folder, one
    beside it."""
    try:
        place = hook_path("result.lock")
        os.stat(os.path.dirname(place))
    except OSError:
        folder, name = os.path.split(path)
        os.makedirs(folder, exist_ok=True)
        place = os.path.join(folder, ".%s.lock" % name)
    fd = _lockfile.take(place, _PATIENCE)
    if fd is None:
        warnings.warn(
            "mlops_track.result: %s cannot be locked; what another process adds at the same time may be lost" % place,
            RuntimeWarning,
            stacklevel=6,
        )
    return fd


def _after_fork():
    """In a forked child no other thread is left that could release the mutex, and the lock is its parent's."""
    global _mutex, _held
    _mutex = threading.Lock()
    if _held is not None:
        os.close(_held)
        _held = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def write(path, content):
    """Writes a result file, whole or not at all."""
    import tempfile  # slow to import, and this module is part of the hook's

    folder = os.path.dirname(os.path.abspath(path))
    os.makedirs(folder, exist_ok=True)
    fd, temporary = tempfile.mkstemp(prefix=".result-", dir=folder)
    try:
        with os.fdopen(fd, "w", encoding="ascii") as file:
            json.dump(content, file, allow_nan=False)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
