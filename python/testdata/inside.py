"""Hands its result over inside a step."""
import fractions
import pathlib

import numpy as np

import mlops_track
from mlops_wrapper.mlflow_wrapper import mlflow_experiment

for step in range(3):
    mlops_track.log_metrics({"loss": np.float32(1 / (step + 1)), "gap": float("nan")}, step=np.int64(step))

mlops_track.result(params={"depth": np.int64(3), "layers": np.array([1, 2]), "rate": float("inf"), "path": pathlib.Path("a")},
                   metrics={"acc": np.float64(0.5), "zero_d": np.array(2), "one": np.array([[0.5]]), "flag": np.bool_(True), "nested": {"f1": 1}})
mlops_track.result(metrics={"acc": 0.75, "loss": float("-inf"), "half": fractions.Fraction(1, 2)}, artifacts="a.txt")
mlops_track.result(tags={"n": 1}, artifacts=[pathlib.Path("b.txt"), "a.txt"])

for wrong in ("high", None, [1.0], np.array([1.0, 2.0]), 1j):
    try:
        mlops_track.result(metrics={"acc": wrong})
    except TypeError as error:
        print(error)

RESULT = {"params": {"lr": 0.1}, "tags": {"from": "function"}}


@mlflow_experiment("other", run_name="other", tags={"team": "ads", "from": "decorator"}, tracking_uri="http://elsewhere")
def train():
    return RESULT


assert train() is RESULT and train.__name__ == "train"
train()
