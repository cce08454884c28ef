"""The two files through which a step hands its result (MLOPS_RESULT) and live metrics (MLOPS_METRICS) to mlops-track."""

import json
import os
import time
import warnings

from . import _resultfile
from ._values import document, numbers


def result(params=None, metrics=None, tags=None, artifacts=None, model_local_path=None, model_name=None):
    """Adds to the result of this step and returns the whole of it.

    Several calls merge, also those of several threads and processes: params, metrics and tags key by key, artifacts one
    after the other; the last word wins. Numpy and torch scalars become plain numbers, NaN and infinities strings. A
    metric that is no number is a TypeError. Outside a step it warns, writes nothing, and returns what this call would
    have added.
    """
    added = document(params, metrics, tags, artifacts, model_local_path, model_name)
    path = os.environ.get("MLOPS_RESULT")
    if not path:
        warnings.warn(
            "mlops_track.result: this is not a tracked step (MLOPS_RESULT is not set), nothing is written",
            RuntimeWarning,
            stacklevel=2,
        )
        return added
    return _resultfile.add(path, added)


def log_metrics(metrics, step=None):
    """Appends metrics to the live metrics of this step, with the present time.

    The dict may hold "step" and "timestamp" (ms) itself. Outside a step, or where the file cannot be written, it warns:
    a live metric never stops a training.
    """
    line = numbers(metrics)
    if step is not None:
        line["step"] = int(step)
    line.setdefault("timestamp", int(time.time() * 1000))
    path = os.environ.get("MLOPS_METRICS")
    if not path:
        warnings.warn(
            "mlops_track.log_metrics: this is not a tracked step (MLOPS_METRICS is not set), nothing is written",
            RuntimeWarning,
            stacklevel=2,
        )
        return
    try:
        fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(fd, (json.dumps(line, allow_nan=False) + "\n").encode("ascii"))
        finally:
            os.close(fd)
    except OSError as error:
        warnings.warn("mlops_track.log_metrics: %s" % error, RuntimeWarning, stacklevel=2)
