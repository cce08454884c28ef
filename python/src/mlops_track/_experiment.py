"""The decorator that makes a function an experiment: part of the step's run inside a step, a run of its own outside."""

import collections
import functools
import logging
import os

from ._result import result
from ._values import KEYS, document

_log = logging.getLogger("mlops_track")

# The arguments of the decorator.
Options = collections.namedtuple("Options", "experiment_name run_name tags tracking_uri autolog_enabled autolog_config")


def mlflow_experiment(
    experiment_name, run_name=None, tags=None, tracking_uri=None, autolog_enabled=True, autolog_config=None
):
    """Tracks each call of the decorated function as one MLflow run.

    The function returns the result, a dict with the keys of the result file: params, metrics, tags, artifacts,
    model_local_path, model_name. The caller gets that same dict.

    Inside a step of mlops-track the result goes to the step's run: name, experiment and store are those of the step.
    Outside, the call starts a run with mlflow, and the program mlops-track records the result by the rules of a step.
    InvalidResult where it holds what cannot be logged, MissingParams where autolog was enabled, saw a training but
    captured no params, and the result has none either; both are a ValueError. Everything valid is logged first.
    """
    options = Options(experiment_name, run_name, tags, tracking_uri, autolog_enabled, autolog_config)

    def decorate(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            track = _inside_step if os.environ.get("MLOPS_RESULT") else _outside_step
            return track(options, functools.partial(function, *args, **kwargs))

        return wrapper

    return decorate


def _inside_step(options, function):
    _steer_step(options)
    returned = function()
    made = checked(returned)
    made["tags"] = dict(options.tags or {}, **made.get("tags", {}))
    result(**made)
    return returned


def _outside_step(options, function):
    from ._ownrun import OwnRun

    run = OwnRun(options)
    try:
        returned = function()
        made = checked(returned)
    except BaseException as error:
        run.fail(error)
        raise
    run.finish(made)
    return returned


def checked(returned):
    """Returns the known keys of a result, as JSON values. An unknown key is a warning, another type than dict an error."""
    if returned is None:
        return {}
    if not isinstance(returned, dict):
        raise TypeError("an experiment must return its result as a dict, not %s" % type(returned).__name__)
    for key in sorted(set(returned) - set(KEYS), key=str):
        _log.warning("the result has an unknown key: %r", key)
    return document(**{key: returned[key] for key in KEYS if key in returned})


_noted = []


def _steer_step(options):
    """Brings the decorator's arguments in line with the step."""
    from . import _autolog
    from ._channel import emit, settings

    step = {
        "experiment_name": settings().get("experiment_name", os.environ.get("MLFLOW_EXPERIMENT_NAME")),
        "run_name": settings().get("run_name"),
        "tracking_uri": settings().get("tracking_uri", os.environ.get("MLFLOW_TRACKING_URI")),
    }
    asked = ((name, getattr(options, name)) for name in step)
    ignored = ["%s=%r" % (name, value) for name, value in asked if value is not None and value != step[name]]
    if ignored and not _noted:
        _noted.append(True)
        emit(
            "warning",
            message="mlflow_experiment: %s has no effect inside a step, which has its own run" % ", ".join(ignored),
        )
    if not settings().get("autolog"):
        return
    if not options.autolog_enabled:
        _autolog.switch_off("mlflow_experiment")
    elif options.autolog_config:
        _autolog.configure(options.autolog_config)
