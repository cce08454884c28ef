"""Enables mlflow.autolog in one process of the step at a time.

The holder has a lock file, so that workers, data loaders and further ranks do not log into the run as well. The lock goes
when the process ends; a Python started after that becomes the holder.
"""

import importlib.util
import inspect
import os
import sys
import warnings

from . import _flavors, _training
from ._channel import emit, path, settings

try:
    import fcntl
except ImportError:  # Windows: no lock, every process that imports a framework holds autolog
    fcntl = None

# Above 0 in all but the first process of a distributed training (torchrun, Slurm, Open MPI, MPICH).
_RANKS = ("RANK", "LOCAL_RANK", "SLURM_PROCID", "OMPI_COMM_WORLD_RANK", "PMI_RANK")

# Programs that import frameworks but leave the training to processes they start.
_LAUNCHERS = ("torchrun", "accelerate", "deepspeed", "horovodrun", "lightning", "fabric", "mlflow", "papermill")

_wanted = False  # a supported framework was imported
_settled = False  # whether autolog is enabled here was decided
_lock = None  # descriptor of the lock file, in the holder
_said = set()  # what was told once
_extra = {}  # settings of the decorator; those of the step win


def want(supported):
    """Notes that a framework was imported."""
    global _wanted
    if supported:
        _wanted = True
    else:
        _say_in_force()


def settle():
    """Enables autolog if a framework wants it and it was not tried before."""
    global _settled
    if _wanted and not _settled:
        _settled = True
        _enable()


def switch_off(reason):
    """Disables autolog in this process for good."""
    global _settled
    _settled = True
    if _lock is not None:
        _flavors.autolog(sys.modules["mlflow"], {"disable": True, "silent": True})
    _say("autolog-off", reason=reason)


def configure(config):
    """Adds keyword arguments for mlflow.autolog, whether or not it is enabled already."""
    _extra.update(config)
    if _lock is not None:
        _call(sys.modules["mlflow"])


def _say_training(framework, call):
    _say("training", framework=framework, call=call)


def _enable():
    global _lock
    if not _may():
        return
    _lock = _take_lock()
    if _lock is None:
        _say("autolog-off", reason="not the holder")
        return
    # Without these, logging a model runs pip over the network, and MLflow 3 prints to the script's stdout.
    os.environ.setdefault("MLFLOW_SKIP_PIP_REQUIREMENTS_CHECK", "true")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import mlflow

            _training.listen()
            config = _call(mlflow)
    except Exception as error:
        emit("autolog-error", message="%s: %s" % (type(error).__name__, str(error)[:500]))
        return
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_after_fork)
    if config.get("disable"):
        _say("autolog-off", reason="autolog-config")
    else:
        _say("autolog", mlflow=mlflow.__version__)


def _may():
    """Says whether autolog may be enabled here; the reason against it is told."""
    if not settings().get("autolog"):
        return False
    if any(os.environ.get(name, "").isdigit() and int(os.environ[name]) > 0 for name in _RANKS):
        _say("autolog-off", reason="rank")
        return False
    if os.path.basename((getattr(sys, "argv", None) or [""])[0]) in _LAUNCHERS:
        _say("autolog-off", reason="launcher")
        return False
    if not _mlflow_installed():
        _say("no-mlflow")
        return False
    return True


def _mlflow_installed():
    if "mlflow" in sys.modules:
        return True
    spec = importlib.util.find_spec("mlflow")
    return spec is not None and spec.origin is not None  # without an origin: some folder of that name


def _say_in_force():
    """After the import of a framework that autolog cannot see: autolog is in force all the same, with nothing to
    capture. MLflow is not imported for it, and the lock stays free for the process that trains."""
    if "autolog" in _said or not _may():
        return
    from importlib.metadata import PackageNotFoundError, version

    for package in ("mlflow", "mlflow-skinny"):
        try:
            _say("autolog", mlflow=version(package))
            return
        except PackageNotFoundError:
            pass


def _take_lock():
    if fcntl is None:
        return -1
    fd = os.open(path("autolog.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(fd)
        return None
    return fd


def _after_fork():
    """A forked child logs nothing on its own, and keeps the lock no longer than its parent."""
    global _lock
    if _lock is not None and _lock >= 0:
        os.close(_lock)
    _lock = None
    utils = sys.modules.get("mlflow.utils.autologging_utils")
    if utils is not None:
        utils._AUTOLOGGING_GLOBALLY_DISABLED = True


def _call(mlflow):
    """Calls mlflow.autolog and returns the arguments."""
    config = _arguments(mlflow)
    for name in _flavors.autolog(mlflow, config):
        _say("warning", message="autolog-config: MLflow %s has no autolog for %r" % (mlflow.__version__, name))
    return config


def _arguments(mlflow):
    """Returns the keyword arguments for mlflow.autolog: quiet unless asked, and only those that this MLflow knows."""
    config = dict({"silent": True}, **_extra)
    config.update(settings().get("autolog_config") or {})
    known = inspect.signature(mlflow.autolog).parameters
    for name in sorted(set(config) - set(known) - {"flavors"}):
        del config[name]
        _say(
            "warning", message="autolog-config: mlflow.autolog of MLflow %s has no argument %r" % (mlflow.__version__, name)
        )
    if "exclude_flavors" in known and importlib.util.find_spec("tensorboard") is None:
        # MLflow gives fit a TensorBoard callback, which raises where tensorboard is missing; TensorFlow 2.21 no longer
        # brings it. mlflow.keras, which sees Keras 3 as well, needs none.
        config["exclude_flavors"] = list(config.get("exclude_flavors") or []) + ["tensorflow"]
    return config


def _say(event, **fields):
    """Emits an event once."""
    key = (event,) + tuple(sorted(fields.items())) if event in ("training", "warning") else event
    if key not in _said:
        _said.add(key)
        emit(event, **fields)


_training.observe(_say_training)
