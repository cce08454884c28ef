"""The MLflow run of a decorated function outside a step, kept by the same rules as a step's."""
import glob
import json
import logging
import os
import time

from ._exceptions import MESSAGE_LIMIT, describe
from ._values import flat
from ._version import VERSION

PARAM_LIMIT = 6000  # characters; MLflow 2.9 refuses longer values, MLflow 3 cuts them
BATCH = 100         # params in one request, MLflow's limit

_log = logging.getLogger("mlops_track")


class MissingParams(ValueError):
    """Autolog captured no params and the result has none."""


class InvalidResult(ValueError):
    """The result names something that cannot be logged."""


class OwnRun:
    """A run that is open from construction until finish or fail."""

    def __init__(self, experiment_name, run_name, tags, tracking_uri, autolog_enabled, autolog_config):
        import mlflow
        self._mlflow = mlflow
        if tracking_uri:
            mlflow.set_tracking_uri(tracking_uri)
        mlflow.set_experiment(experiment_name)
        self._autolog = autolog_enabled
        if autolog_enabled:
            mlflow.autolog(**dict({"silent": True}, **(autolog_config or {})))
        else:
            mlflow.autolog(disable=True, silent=True)
        active = mlflow.start_run(run_name=run_name, nested=mlflow.active_run() is not None,
                                  tags=dict({"mlops.version": VERSION}, **{k: str(v) for k, v in (tags or {}).items()}))
        self._id = active.info.run_id
        self._client = mlflow.MlflowClient()

    def finish(self, result):
        """Logs the result and ends the run. What is wrong is raised after everything valid was logged."""
        self._flush()
        there = self._client.get_run(self._id).data
        params, metrics = flat(result.get("params", {})), flat(result.get("metrics", {}))
        missing = self._judge_autolog(there.params, params)
        clashes = _clashes("param", there.params, params) + _clashes("metric", there.metrics, metrics)
        tags = dict(result.get("tags", {}))
        if clashes:
            tags["mlops.collisions"] = json.dumps(sorted(clashes), separators=(",", ":"))  # as a step writes it
        problems = self._log_values({k: v for k, v in params.items() if k not in there.params},
                                    {k: v for k, v in metrics.items() if k not in there.metrics}, tags)
        problems += self._log_artifacts(result.get("artifacts", []))
        problems += self._register(result.get("model_local_path"), result.get("model_name"))
        if missing:
            raise MissingParams("autolog captured 0 params and the result has no params")
        if problems:
            raise InvalidResult("; ".join(problems))
        self._end("FINISHED", {"mlops.status": "success"})

    def fail(self, error):
        """Ends the run as failed, interrupted as killed. An error of the store does not hide the one it tells of."""
        if isinstance(error, SystemExit) and error.code in (None, 0):
            return self._end("FINISHED", {"mlops.status": "success"})
        name, message = describe(error)
        if isinstance(error, (MissingParams, InvalidResult)):
            name = type(error).__name__
        killed = isinstance(error, KeyboardInterrupt)
        try:
            self._end("KILLED" if killed else "FAILED", {
                "mlops.status": "killed" if killed else "failed", "mlops.error_type": name,
                "mlops.error_message": message or name})
        except Exception as second:
            _log.warning("the run %s could not be ended: %s", self._id, str(second)[:MESSAGE_LIMIT])

    def _judge_autolog(self, captured, params):
        """Tags what autolog did and warns where it captured nothing. True where params are missing altogether."""
        state = ("captured" if captured else "empty") if self._autolog else "off"
        self._client.set_tag(self._id, "mlops.autolog", state)
        if state != "empty":
            return False
        _log.warning("autolog enabled but captured 0 params")
        _log.warning("framework may not support autolog (e.g., catboost)")
        _log.warning("falling back to manual param logging")
        return not params

    def _log_values(self, params, metrics, tags):
        """Logs all in batches; where MLflow refuses one, one by one, to keep what it takes. Returns what it refused."""
        from mlflow.entities import Metric, Param, RunTag
        stamp = int(time.time() * 1000)
        calls = [("params", Param(key, _text(value))) for key, value in params.items()]
        calls += [("metrics", Metric(key, float(value), stamp, 0)) for key, value in metrics.items()]
        calls += [("tags", RunTag(key, value)) for key, value in tags.items()]
        problems = []
        for start in range(0, len(calls), BATCH):
            part = calls[start:start + BATCH]
            try:
                self._log_batch(part)
            except self._mlflow.exceptions.MlflowException:
                for call in part:
                    try:
                        self._log_batch([call])
                    except self._mlflow.exceptions.MlflowException as error:
                        problems.append("%s %r: %s" % (call[0], call[1].key, error))
        return problems

    def _log_batch(self, calls):
        self._client.log_batch(self._id, **{kind: [item for other, item in calls if other == kind]
                                            for kind, _ in calls})

    def _log_artifacts(self, artifacts):
        """Uploads files, folders and globs, "path => folder" under that folder. Returns what is not there."""
        problems = []
        for entry in artifacts:
            pattern, _, target = (part.strip() for part in entry.partition("=>"))
            found = [pattern] if os.path.exists(pattern) else sorted(glob.glob(pattern, recursive=True))
            for path in found:
                log = self._client.log_artifacts if os.path.isdir(path) else self._client.log_artifact
                log(self._id, path, target or None)
            if not found:
                problems.append("artifacts: %r does not exist" % pattern)
        return problems

    def _register(self, path, name):
        """Uploads a local model folder and adds a version to the registered model. Returns what is wrong with them."""
        if not path:
            return ["model_name %r without model_local_path" % name] if name else []
        if os.path.isdir(path):
            if not os.path.isfile(os.path.join(path, "MLmodel")):
                return ["model_local_path: %r holds no MLmodel" % path]
            local, path = path, os.path.basename(os.path.abspath(path))
            self._client.log_artifacts(self._id, local, path)
        elif not self._has_model(path):
            return ["model_local_path: %r is no folder and no model of the run" % path]
        if name:
            self._mlflow.register_model("runs:/%s/%s" % (self._id, path), name)
        return []

    def _has_model(self, path):
        """Says whether the run has the model among its artifacts or, from MLflow 3 on, as a logged model."""
        if any(os.path.basename(file.path) == "MLmodel" for file in self._client.list_artifacts(self._id, path)):
            return True
        if not hasattr(self._client, "search_logged_models"):
            return False
        run = self._client.get_run(self._id)
        models = self._client.search_logged_models([run.info.experiment_id],
                                                   filter_string="source_run_id = '%s'" % self._id)
        return any(model.name == path for model in models)

    def _flush(self):
        if hasattr(self._mlflow, "flush_async_logging"):
            self._mlflow.flush_async_logging()

    def _end(self, status, tags):
        for key, value in tags.items():
            self._client.set_tag(self._id, key, value)
        active = self._mlflow.active_run()
        if active is not None and active.info.run_id == self._id:
            self._mlflow.end_run(status)
        else:
            self._client.set_terminated(self._id, status)


def _clashes(kind, there, wanted):
    """Warns of keys that the run has already; what is there wins. Returns them, sorted."""
    keys = sorted(set(there) & set(wanted))
    if keys:
        _log.warning("%s collision detected: %s", kind, keys)
        _log.warning("the run's own value is kept; give yours a prefix, as in custom.%s", keys[0])
    return keys


def _text(value):
    return str(value)[:PARAM_LIMIT]
