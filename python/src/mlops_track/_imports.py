"""Watches the imports of mlflow and of training frameworks, and starts the other parts of the hook when they are done.

Autolog is enabled after the outermost watched import has finished. Frameworks import each other while they load (xgboost
imports sklearn), and so do MLflow's flavors (mlflow.sklearn imports sklearn): enabled in between, MLflow patches half a
module, and that framework silently stays unlogged.
"""

import importlib.util
import sys
from _thread import get_ident

from . import _autolog, _catboost, _drain, _loader, _pins, _storelock
from ._channel import emit, guarded, settings


def _watch_catboost(module):
    if settings().get("autolog"):
        _catboost.apply(module)


# What follows the import of these modules.
_AFTER = {
    "mlflow": _pins.apply,
    "mlflow.store.tracking.sqlalchemy_store": _storelock.apply,
    "mlflow.store.model_registry.sqlalchemy_store": _storelock.apply,
    "mlflow.utils.async_logging.async_logging_queue": _drain.apply,
    "catboost": _watch_catboost,
}

_finding = set()  # (thread, module) whose spec is being looked for
_loading = set()  # one token a watched import that is under way, in any thread


def find_spec(name, supported):
    """Returns the spec that the other finders have for a watched module, with our part to follow its execution.
    None where there is nothing to do: Python then goes on as if this finder were not there."""
    if name.count(".") > 1 and name not in _AFTER:
        return None  # deep inside mlflow
    me = (get_ident(), name)
    if me in _finding or name in sys.modules or not settings():
        return None
    _finding.add(me)
    try:
        spec = importlib.util.find_spec(name)
    finally:
        _finding.discard(me)
    if spec is None or spec.origin is None or not _follow(spec.loader, name, supported):
        return None
    return spec


def _follow(loader, name, supported):
    """Has our part follow the execution of the module. False where it cannot."""

    def execute_module(execute, module):
        token = object()
        _loading.add(token)
        try:
            execute(module)
            guarded(_loaded, module, name, supported)
        finally:
            _loading.discard(token)
            if not _loading:
                guarded(_autolog.settle)

    return _loader.wrap(loader, name, execute_module)


def _loaded(module, name, supported):
    if supported is not None:
        emit("framework", name=name, version=_version(module), supported=supported)
        _autolog.want(supported)
    if name in _AFTER:
        guarded(_AFTER[name], module)


def _version(module):
    version = getattr(module, "__version__", "")
    return version if isinstance(version, str) else ""
