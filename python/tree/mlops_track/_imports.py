"""Watches the imports of mlflow and of training frameworks, and starts the other parts of the hook when they are done.

Autolog is enabled after the outermost watched import has finished. Frameworks import each other while they load (xgboost
imports sklearn), and so do MLflow's flavors (mlflow.sklearn imports sklearn): enabled in between, MLflow patches half a
module, and that framework silently stays unlogged.
"""
import importlib.util
import sys
from _thread import get_ident

from . import _autolog, _catboost, _drain, _pins, _storelock
from ._channel import emit, guarded, settings

# What follows the import of these modules.
_AFTER = {
    "mlflow": _pins.apply,
    "mlflow.store.tracking.sqlalchemy_store": _storelock.apply,
    "mlflow.store.model_registry.sqlalchemy_store": _storelock.apply,
    "mlflow.utils.async_logging.async_logging_queue": _drain.apply,
    "catboost": _catboost.apply,
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
    """Makes the loader call us when it has executed the module. The loader itself stays in place, so that its type and
    its other methods are what everybody expects."""
    if isinstance(loader, type) or not hasattr(loader, "exec_module"):
        return False
    execute = loader.exec_module

    def exec_module(module):
        if module.__name__ != name:  # a loader shared by several modules, as that of a zip file
            return execute(module)
        vars(loader).pop("exec_module", None)
        token = object()
        _loading.add(token)
        try:
            execute(module)
            guarded(_loaded, module, name, supported)
        finally:
            _loading.discard(token)
            if not _loading:
                guarded(_autolog.settle)

    try:
        loader.exec_module = exec_module
    except AttributeError:  # a loader with __slots__
        return False
    return True


def _loaded(module, name, supported):
    if supported is not None:
        emit("framework", name=name, version=_version(module), supported=supported)
        _autolog.want(supported)
    if name in _AFTER:
        guarded(_AFTER[name], module)


def _version(module):
    version = getattr(module, "__version__", "")
    return version if isinstance(version, str) else ""
