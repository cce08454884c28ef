"""The private folder (MLOPS_HOOK) between this process and the binary: hook.json is read, events.jsonl is written.

Where the folder is missing, unreadable or full, settings are empty and events are dropped: the hook is then inert.
"""

import json
import os
import time

EVENTS = "events.jsonl"

_settings = None


def settings():
    """Returns what hook.json says, an empty dict where there is none."""
    global _settings
    if _settings is None:
        try:
            with open(path("hook.json"), encoding="utf-8") as file:
                _settings = json.load(file)
        except (OSError, ValueError):
            _settings = {}
        if not isinstance(_settings, dict):
            _settings = {}
    return _settings


def path(name):
    """Returns the path of a file in the folder; OSError where there is no folder."""
    folder = os.environ.get("MLOPS_HOOK")
    if not folder:
        raise FileNotFoundError("MLOPS_HOOK is not set")
    return os.path.join(folder, name)


def line(event, **fields):
    """Returns an event as a line of events.jsonl."""
    fields = dict({"event": event, "pid": os.getpid(), "time": round(time.time(), 3)}, **fields)
    return (json.dumps(fields, default=str) + "\n").encode("ascii")


def emit(event, **fields):
    """Appends one event as one line, in one write, so that lines of several processes never mix."""
    try:
        fd = os.open(path(EVENTS), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(fd, line(event, **fields))
        finally:
            os.close(fd)
    except OSError:
        pass


def guarded(part, *args):
    """Calls a part of the hook; what goes wrong in it is an event, never an error of the program."""
    try:
        part(*args)
    except Exception as error:
        emit("hook-error", part=part.__name__, message="%s: %s" % (type(error).__name__, str(error)[:500]))
