"""Runs experiments outside a step and prints what the store has of each as one JSON line."""
import json
import os
import sys
import warnings

warnings.simplefilter("ignore")
import mlflow
import numpy as np
from catboost import CatBoostRegressor
from mlflow import MlflowClient
from sklearn.linear_model import LogisticRegression

from mlops_track import log_metrics, mlflow_experiment, result

X = np.random.default_rng(0).random((40, 3))
y = (X[:, 0] > 0.5).astype(int)
QUIET = {"log_models": False, "log_datasets": False}


def experiment(**options):
    return mlflow_experiment("outside", tracking_uri="sqlite:///outside.db", **dict({"autolog_config": QUIET}, **options))


@experiment(run_name="collides", tags={"team": "ads"})
def collides():
    LogisticRegression(C=7.0).fit(X, y)
    return {"params": {"C": 1, "depth": 3}, "metrics": {"training_score": 0, "rmse": float("nan"), "a": {"b": 1}},
            "tags": {"data": "v2"}, "artifacts": "one.txt"}


@experiment(run_name="manual", autolog_enabled=False)
def manual():
    LogisticRegression().fit(X, y)
    return {"metrics": {"rmse": 0.5}, "artifacts": ["folder", "one.txt => deep"]}


@experiment(run_name="globs", autolog_enabled=False)
def globs():
    return {"artifacts": ["out/*.txt", "!out/b.txt"]}


@experiment(run_name="catboost")
def catboost_with_params():
    CatBoostRegressor(iterations=2, verbose=False, allow_writing_files=False).fit(X, y)
    return {"params": {"iterations": 2}}


@experiment(run_name="missing")
def missing_params():
    CatBoostRegressor(iterations=2, verbose=False, allow_writing_files=False).fit(X, y)
    return {"metrics": {"rmse": 0.5}}


@experiment(run_name="raises")
def raises():
    raise ValueError("bad data")


@experiment(run_name="invalid", autolog_enabled=False)
def invalid():
    return {"params": {"good": 1, "bad@key": 2}, "artifacts": ["missing.txt", "one.txt"]}


@experiment(run_name="model", autolog_enabled=False)
def local_model():
    mlflow.sklearn.save_model(LogisticRegression().fit(X, y), "saved", pip_requirements=["scikit-learn"])
    return {"params": {"a": 1}, "model_local_path": "saved", "model_name": "demo"}


@experiment(run_name="logged", autolog_enabled=False)
def logged_model():
    mlflow.sklearn.log_model(LogisticRegression().fit(X, y), "model", pip_requirements=["scikit-learn"])
    return {"params": {"a": 1}, "model_local_path": "model", "model_name": "demo"}


def files(client, run_id, path=None):
    found = []
    for file in client.list_artifacts(run_id, path):
        found += files(client, run_id, file.path) if file.is_dir else [file.path]
    return found


if __name__ == "__main__":
    os.mkdir("folder")
    os.mkdir("out")
    for name in ("one.txt", "folder/two.txt", "out/a.txt", "out/b.txt"):
        with open(name, "w") as file:
            file.write(name)
    for function in (collides, manual, globs, catboost_with_params, missing_params, raises, invalid, local_model, logged_model):
        sys.stderr.write("== %s\n" % function.__name__)
        error = ""
        try:
            function()
        except Exception as raised:
            error = type(raised).__name__
            assert error == "ValueError" or isinstance(raised, ValueError)
        assert mlflow.active_run() is None
        client = MlflowClient()
        [run] = client.search_runs([client.get_experiment_by_name("outside").experiment_id], max_results=1)
        print(json.dumps({
            "name": run.info.run_name, "status": run.info.status, "error": error, "params": run.data.params,
            "metrics": {key: str(value) for key, value in run.data.metrics.items()},
            "tags": {key: value for key, value in run.data.tags.items() if not key.startswith("mlflow.")},
            "files": files(client, run.info.run_id),
            "versions": len(client.search_model_versions("run_id='%s'" % run.info.run_id))}))
    warnings.simplefilter("error")
    for call in (lambda: result(params={"a": 1}), lambda: log_metrics({"a": 1})):
        try:
            call()
        except RuntimeWarning as warning:
            sys.stderr.write("%s\n" % warning)
