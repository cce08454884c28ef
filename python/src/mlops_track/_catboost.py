"""Sees CatBoost's training calls. MLflow has no autologging for CatBoost (https://github.com/mlflow/mlflow/issues/6073)."""

import functools

from . import _training

_applied = False


def apply(catboost):
    """Wraps fit of the models, train and cv."""
    global _applied
    if _applied:
        return
    _applied = True
    for model in set(filter(lambda value: isinstance(value, type), vars(catboost).values())):
        if issubclass(model, catboost.CatBoost) and "fit" in vars(model):
            model.fit = _noting(model.fit)
    for name in ("train", "cv"):
        function = _noting(getattr(catboost, name))
        for module in (catboost, catboost.core):  # pickle looks it up in the module that defines it
            setattr(module, name, function)


def _noting(function):
    @functools.wraps(function)
    def noting(*args, **kwargs):
        _training.seen("catboost", function.__name__)
        return function(*args, **kwargs)

    return noting
