"""Reads runs as the installed MLflow reads them: a JSON request a line in, a JSON answer a line out.

A request is {"uri": tracking URI, "run": run id or "last", "dir": folder that relative paths start from}. The answer is
{"run": {...}} or {"error": "..."}. MLflow is imported once, which is what takes the time.
"""

import json
import os
import sys
import traceback

answers, sys.stdout = sys.stdout, sys.stderr  # MLflow prints; only answers go to standard output

os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "2"  # an unreachable server is told at once, not after minutes
import mlflow  # noqa: E402
from mlflow.entities import ViewType  # noqa: E402


def read(uri, run_id):
    mlflow.set_tracking_uri(absolute(uri))  # MLflow 2 asks for artifacts there, whatever the client was made for
    client = mlflow.MlflowClient()
    run = client.get_run(last(client) if run_id == "last" else run_id)
    history = {key: client.get_metric_history(run.info.run_id, key) for key in run.data.metrics}
    return {
        "id": run.info.run_id,
        "name": run.info.run_name,
        "experiment": client.get_experiment(run.info.experiment_id).name,
        "status": run.info.status,
        "ended": run.info.end_time is not None,
        "params": run.data.params,
        "metrics": {key: number(value) for key, value in run.data.metrics.items()},
        "points": {key: [[point.step, number(point.value)] for point in points] for key, points in history.items()},
        "tags": run.data.tags,
        "artifacts": sorted(files(client, run.info.run_id)),
        "datasets": sorted(each.dataset.name for each in run.inputs.dataset_inputs),
        "models": sorted(models(client, run)),
        "versions": sorted(
            f"{version.name} {version.version}"
            for version in client.search_model_versions(f"run_id = '{run.info.run_id}'")
        ),
        "children": children(client, run),
    }


def absolute(uri):
    """MLflow keeps an open store by its URI, so one that is relative would be mixed up between folders."""
    for scheme in ("sqlite:///", "file:"):
        path = uri.removeprefix(scheme)
        if path != uri and not path.startswith("/"):
            return scheme + os.path.abspath(path)
    return uri


def last(client):
    ids = [experiment.experiment_id for experiment in client.search_experiments()]
    runs = client.search_runs(ids, order_by=["attributes.start_time DESC"], max_results=1)
    if not runs:
        raise LookupError("the store has no run")
    return runs[0].info.run_id


def files(client, run_id, folder=None):
    for entry in client.list_artifacts(run_id, folder):
        if entry.is_dir:
            yield from files(client, run_id, entry.path)
        else:
            yield entry.path


def models(client, run):
    """Models logged from the run; MLflow 2 has none beside the run's artifacts."""
    if not hasattr(client, "search_logged_models"):
        return []
    found = client.search_logged_models([run.info.experiment_id])
    return [f"{model.name} {model.status}" for model in found if model.source_run_id == run.info.run_id]


def children(client, run):
    found = client.search_runs(
        [run.info.experiment_id], f"tags.`mlflow.parentRunId` = '{run.info.run_id}'", ViewType.ACTIVE_ONLY,
        order_by=["attributes.start_time ASC"],
    )
    return [
        {"id": child.info.run_id, "name": child.info.run_name, "status": child.info.status, "params": child.data.params}
        for child in found
    ]


def number(value):
    return value if value - value == 0 else str(value)  # JSON has no NaN and no infinities


for line in sys.stdin:
    request = json.loads(line)
    try:
        os.chdir(request["dir"])
        answer = {"run": read(request["uri"], request["run"])}
    except Exception:
        answer = {"error": traceback.format_exc()}
    print(json.dumps(answer), file=answers, flush=True)
