"""Sees CatBoost's training calls. MLflow has no autologging for CatBoost (https://github.com/mlflow/mlflow/issues/6073)."""
import functools

from . import _autolog
from ._channel import settings


def apply(catboost):
    """Wraps fit of the models, train and cv."""
    if not settings().get("autolog"):
        return
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
        _autolog.training("catboost", function.__name__)
        return function(*args, **kwargs)

    return noting
