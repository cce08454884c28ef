"""A real MLflow client for tests of the embedded stores.

usage: client.py LOCK URI COMMAND [ARG...]
LOCK is a file on which the first opening of the store holds flock, as the hook in training does; "-" for none.
"""
import contextlib
import fcntl
import json
import sys
import warnings

warnings.simplefilter("ignore")

from mlflow import MlflowClient, set_tracking_uri
from mlflow.entities import Metric, Param, RunTag


@contextlib.contextmanager
def locked(path):
    if path == "-":
        yield
        return
    with open(path, "a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def dump(client, *run_ids):
    """Prints all that MLflow says about runs, a JSON object each. Numbers are text, for JSON has no NaN."""
    for run_id in run_ids:
        dump_one(client, run_id)


def dump_one(client, run_id):
    run = client.get_run(run_id)
    experiment = client.get_experiment(run.info.experiment_id)

    def point(m):
        return {"value": repr(float(m.value)), "timestamp": m.timestamp, "step": m.step}

    json.dump({
        "experiment": {
            "id": experiment.experiment_id, "name": experiment.name, "location": experiment.artifact_location,
            "stage": experiment.lifecycle_stage,
        },
        "id": run.info.run_id, "name": run.info.run_name, "status": run.info.status, "user": run.info.user_id,
        "start": run.info.start_time, "end": run.info.end_time or 0, "artifacts": run.info.artifact_uri,
        "stage": run.info.lifecycle_stage,
        "params": run.data.params, "tags": run.data.tags,
        "latest": {m.key: point(m) for m in run.data._metric_objs},
        "history": {
            key: sorted((point(m) for m in client.get_metric_history(run_id, key)),
                        key=lambda p: (p["step"], p["timestamp"]))
            for key in run.data.metrics
        },
        "found": [r.info.run_id for r in client.search_runs(
            [experiment.experiment_id], "tags.`mlops.status` = 'success'", max_results=10)],
    }, sys.stdout)


def write(client, run_id):
    """Writes to a run what the Go side then reads, and dumps it."""
    client.log_batch(
        run_id,
        metrics=[Metric("from/python", v, 1000 + i, i) for i, v in enumerate([1.5, float("nan"), float("inf"), 1e-300])],
        params=[Param("from python", "é\nsecond line"), Param("empty", "")],
        tags=[RunTag("python", "yes")])
    client.log_metric(run_id, "loss", 0.125, timestamp=99, step=9999)
    client.set_tag(run_id, "mlflow.runName", "2024-01-01")
    client.set_terminated(run_id, "FAILED", end_time=1_700_000_009_000)
    dump(client, run_id)


def rename(client, run_id):
    client.update_run(run_id, name="renamed")


def many(client, run_id, name, count):
    """Writes points, params and tags one by one, and then one batch."""
    for i in range(int(count)):
        client.log_metric(run_id, "shared", i, timestamp=i, step=int(name) * 100_000 + i)
        client.log_param(run_id, f"{name}/{i}", i)
    client.log_batch(run_id, metrics=[Metric(f"own {name}", i, i, i) for i in range(500)])
    client.set_tag(run_id, f"writer {name}", "done")


def touch(client):
    """Only opens the store."""


def delete(client, experiment_id):
    client.delete_experiment(experiment_id)


def twice():
    """Makes a model without training."""
    import mlflow.pyfunc

    class Twice(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input):
            return [2 * v for v in model_input["x"]]

    return Twice()


def model(client, folder):
    import mlflow.pyfunc

    mlflow.pyfunc.save_model(folder, python_model=twice(), pip_requirements=[])


def log_model(client, run_id):
    """Logs a model as MLflow 3 does."""
    import mlflow

    with mlflow.start_run(run_id=run_id):
        mlflow.pyfunc.log_model(name="doubler", python_model=twice(), pip_requirements=[])


def predict(client, uri):
    import mlflow.pyfunc
    import pandas

    print(list(mlflow.pyfunc.load_model(uri).predict(pandas.DataFrame({"x": [1, 21]}))))


if __name__ == "__main__":
    lock, uri, command, *args = sys.argv[1:]
    set_tracking_uri(uri)
    opened = None
    if command != "model":  # which needs no store
        with locked(lock):
            opened = MlflowClient(uri)
            opened.get_experiment("0")
    {f.__name__: f for f in (dump, write, rename, many, touch, delete, model, log_model, predict)}[command](opened, *args)
