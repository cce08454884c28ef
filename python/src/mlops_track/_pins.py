"""Keeps a script that steers MLflow itself in the step's run and store.

Under MLFLOW_RUN_ID a script that sets another experiment or another store dies in MLflow's own check when its run starts.
Such a call is told once and has no effect. Clients made for another store by MlflowClient(tracking_uri=...) are the
script's own business.
"""

import functools
import os
import sys
from urllib.parse import unquote, urlsplit

from ._channel import emit, settings

_warned = set()


def apply(mlflow):
    """Replaces set_experiment and set_tracking_uri where scripts find them. MLflow's own modules keep theirs."""
    if not settings().get("run_id"):
        return
    if settings().get("experiment_id"):
        _replace(_pinned_experiment(mlflow.set_experiment), mlflow.set_experiment, "mlflow", "mlflow.tracking.fluent")
    if settings().get("tracking_uri"):
        _replace(_pinned_store(mlflow.set_tracking_uri), mlflow.set_tracking_uri, "mlflow", "mlflow.tracking")


def _replace(pinned, original, *modules):
    for name in modules:
        module = sys.modules.get(name)
        if getattr(module, original.__name__, None) is original:
            setattr(module, original.__name__, pinned)


def _pinned_experiment(original):
    @functools.wraps(original)
    def set_experiment(experiment_name=None, experiment_id=None, *args, **kwargs):
        ours = str(settings()["experiment_id"])
        if (experiment_name is None) == (experiment_id is None) or str(experiment_id) == ours:
            return original(experiment_name, experiment_id, *args, **kwargs)  # a wrong call is MLflow's to refuse
        experiment = original(experiment_id=ours)
        if experiment_name != experiment.name:
            _warn(
                "set_experiment",
                "mlflow.set_experiment(%r) has no effect: the run of this step is in experiment %r"
                % (experiment_name if experiment_id is None else experiment_id, experiment.name),
            )
        return experiment

    return set_experiment


def _pinned_store(original):
    @functools.wraps(original)
    def set_tracking_uri(uri):
        ours = settings()["tracking_uri"]
        if _canonical(uri) != _canonical(ours):
            _warn(
                "set_tracking_uri",
                "mlflow.set_tracking_uri(%r) has no effect: the run of this step is in another store"
                % _without_password(str(uri)),
            )
        return original(ours)

    return set_tracking_uri


def _canonical(uri):
    """Makes equal what names one store: "sqlite:///mlflow.db" and its absolute form, a folder and its file URI."""
    uri = os.fspath(uri) if isinstance(uri, os.PathLike) else str(uri or "")
    parts = urlsplit(uri)
    if parts.scheme == "sqlite":
        return "sqlite", os.path.realpath(parts.path[1:])
    if parts.scheme in ("", "file"):
        return "file", os.path.realpath(unquote(parts.path) if parts.scheme else uri)
    return parts.scheme, uri.rstrip("/")


def _without_password(uri):
    head, at, tail = uri.rpartition("@")
    return head.partition("://")[0] + "://" + tail if at and "://" in head else uri


def _warn(key, message):
    if key not in _warned:
        _warned.add(key)
        emit("warning", message=message)
