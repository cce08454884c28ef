"""Rides into the Python processes of a tracked step: the folder of this file stands first on PYTHONPATH.

Every Python start pays for what is here, so it uses os and sys only. It tells the binary that it is loaded, puts a finder
on sys.meta_path that does nothing until mlflow or a training framework is imported (mlops_track._imports takes over
there), and then runs the sitecustomize that this one shadows. Outside a step (no MLOPS_HOOK) it only offers the helper
package. Nothing here may ever make a program fail, whatever Python reads it. In one as old as Python 2 it only tells the
binary.
"""

import os
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))
_OLD = sys.version_info < (3, 6)  # has finders of another kind, and no MLflow that autolog can be enabled in

# Modules that are watched. True: mlflow.autolog knows the framework. False: it is known to capture nothing.
# None: mlflow itself.
_WATCHED = {
    "mlflow": None,
    "sklearn": True,
    "xgboost": True,
    "lightgbm": True,
    "statsmodels": True,
    "keras": True,
    "tensorflow": True,
    "pytorch_lightning": True,
    "lightning": True,
    "transformers": True,
    "setfit": True,
    "pyspark": True,
    "fastai": True,  # MLflow 2 only
    "catboost": False,
    "torch": False,
    "jax": False,
    "paddle": False,
    "prophet": False,
    "ngboost": False,
    "h2o": False,
}


class MlopsTrackFinder:
    """Sees the names of imported modules and hands the watched ones on."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name not in _WATCHED and not name.startswith("mlflow."):
            return None
        try:
            from mlops_track import _imports

            return _imports.find_spec(name, _WATCHED.get(name))
        except Exception:
            return None


def _say_loaded(folder, event):
    """Appends the event as mlops_track._channel.emit would, without importing json."""
    from time import time

    try:
        from _json import encode_basestring_ascii as quote
    except ImportError:  # not CPython
        from json import dumps as quote
    line = '{"event": "%s", "pid": %d, "time": %.3f, "version": "%d.%d.%d", "executable": %s}\n' % (
        (event, os.getpid(), time()) + sys.version_info[:3] + (quote(sys.executable or ""),)
    )
    fd = os.open(os.path.join(folder, "events.jsonl"), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(fd, line.encode("ascii"))
    finally:
        os.close(fd)


def _at_exit():
    """Notes the uncaught exception. Python keeps it in sys.last_value; sys.excepthook is left alone because programs
    look whether it is still Python's own, or replace it."""
    error = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
    if error is None or isinstance(error, KeyboardInterrupt):
        return  # Python ends such a process by SIGINT itself, unless code is compiled before
    try:
        from mlops_track import _exceptions

        _exceptions.note(error)
    except Exception:
        pass


def _start():
    sys.path.append(os.path.join(_HERE, "fallback"))  # last: only where no such package is installed
    folder = os.environ.get("MLOPS_HOOK")
    if not folder or any(getattr(finder, "__name__", "") == "MlopsTrackFinder" for finder in sys.meta_path):
        return
    if _OLD:
        _say_loaded(folder, "old-python")
        return
    import atexit

    atexit.register(_at_exit)
    sys.meta_path.insert(0, MlopsTrackFinder)
    _say_loaded(folder, "python")


def _run_shadowed_in_old_python():
    """Does in a Python without importlib's finders what the last lines do."""
    import imp

    after = [i + 1 for i, entry in enumerate(sys.path) if os.path.abspath(entry) == _HERE]
    if not after:
        return
    try:
        found = imp.find_module("sitecustomize", sys.path[after[0] :])
    except ImportError:
        return
    globals()["_this"] = sys.modules.pop("sitecustomize")  # without a reference Python 2 would empty this module
    imp.load_module("sitecustomize", *found)


def _shadowed():
    """Finds the sitecustomize that Python would have run without this one: the next on sys.path."""
    from _frozen_importlib_external import PathFinder

    for i, entry in enumerate(sys.path):
        if os.path.abspath(entry) == _HERE:
            return PathFinder.find_spec("sitecustomize", sys.path[i + 1 :])
    return None


try:
    _start()
except Exception:
    pass
if _OLD:
    _run_shadowed_in_old_python()
try:
    _spec = None if _OLD else _shadowed()
except Exception:
    _spec = None
if _spec is not None and _spec.loader is not None:
    # It takes this module's place before it runs; its errors are its own, and site reports them in Python's words.
    from _frozen_importlib import module_from_spec

    _module = sys.modules["sitecustomize"] = module_from_spec(_spec)
    _spec.loader.exec_module(_module)
