"""Turns what a script hands over into the JSON of the result file."""

import math
import operator
import os

KEYS = ("params", "metrics", "tags", "artifacts", "model_local_path", "model_name")


def document(params=None, metrics=None, tags=None, artifacts=None, model_local_path=None, model_name=None):
    """Returns the result as plain JSON values, without the keys that are None. A wrong type is a TypeError that names
    the key."""
    made = {}
    if params is not None:
        made["params"] = plain(_mapping("params", params))
    if metrics is not None:
        made["metrics"] = numbers(_mapping("metrics", metrics))
    if tags is not None:
        made["tags"] = {str(key): str(value) for key, value in _mapping("tags", tags).items()}
    if artifacts is not None:
        single = isinstance(artifacts, (str, os.PathLike))
        made["artifacts"] = [os.fspath(item) for item in ([artifacts] if single else artifacts)]
    if model_local_path is not None:
        made["model_local_path"] = os.fspath(model_local_path)
    if model_name is not None:
        made["model_name"] = str(model_name)
    return made


def numbers(metrics, prefix=""):
    """Returns metrics with every value as a JSON number, or as the string that stands for NaN or an infinity."""
    made = {}
    for key, value in metrics.items():
        if isinstance(value, dict):
            made[str(key)] = numbers(value, "%s%s." % (prefix, key))
        else:
            made[str(key)] = _number(prefix + str(key), value)
    return made


def _number(key, value):
    if isinstance(value, str) and value in ("NaN", "Infinity", "-Infinity"):
        return value
    # Arrays are no numbers, those of one element (numpy, torch) are.
    shape = tuple(getattr(value, "shape", ()))
    if shape and set(shape) == {1} and callable(getattr(value, "item", None)):
        value, shape = value.item(), ()
    if not isinstance(value, (str, bytes, bytearray)) and shape == ():
        for convert in (operator.index, float):
            try:
                return _finite(convert(value))
            except (TypeError, ValueError, OverflowError):
                pass
    raise TypeError("metric %r must be a number, not %s %.80r" % (key, type(value).__name__, value))


def _finite(number):
    if isinstance(number, int) or math.isfinite(number):
        return number
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"


def plain(value):
    """Returns the JSON value of a parameter: numpy and torch values as Python's, what JSON does not know as text."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return _finite(float(value))
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if callable(getattr(value, "tolist", None)):
        made = value.tolist()
        return plain(made) if made is not value else str(value)
    return str(value)


def _mapping(name, value):
    if not hasattr(value, "items"):
        raise TypeError("%s must be a dict, not %s" % (name, type(value).__name__))
    return dict(value)
