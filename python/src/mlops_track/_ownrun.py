"""The MLflow run of a decorated function outside a step: opened here, judged and closed by the binary."""

import importlib.util
import os
import shutil
import sys
import tempfile

from . import _binary, _catboost, _flavors, _loader, _training
from ._channel import EVENTS, line
from ._errors import InvalidResult, MissingParams
from ._exceptions import describe
from ._resultfile import write
from ._uri import absolute
from ._version import VERSION

_STATUS = {"finished": "FINISHED", "failed": "FAILED", "killed": "KILLED"}  # where the binary says nothing
_ERRORS = {"MissingParams": MissingParams, "InvalidResult": InvalidResult}

_open = {}  # the open runs by their id, in the order in which they were opened


class OwnRun:
    """A run that is open from construction until finish or fail."""

    def __init__(self, options):
        import mlflow

        self._mlflow = mlflow
        self._notes = [line("python", version="%d.%d.%d" % sys.version_info[:3], executable=sys.executable or "")]
        if options.tracking_uri:
            mlflow.set_tracking_uri(options.tracking_uri)
        mlflow.set_experiment(options.experiment_name)
        self._enable_autolog(options)
        outer = mlflow.active_run()
        self._outer_id = outer.info.run_id if outer else None
        tags = {key: str(value) for key, value in (options.tags or {}).items()}
        active = mlflow.start_run(
            run_name=options.run_name, nested=outer is not None, tags=dict({"mlops.version": VERSION}, **tags)
        )
        self._id = active.info.run_id
        self._uri = absolute(mlflow.get_tracking_uri())  # now: the function may go to another folder
        _open[self._id] = self
        try:
            _binary.find()
        except _binary.NotRecorded as error:  # before a training of hours, not only after it
            self._complain("warning", "the result of run %s will not be recorded: %s", error)

    def finish(self, result):
        """Has the result recorded and the run closed. InvalidResult or MissingParams where something is wrong with it."""
        verdict = self._close("finished", result)
        if verdict.error_type in _ERRORS:
            raise _ERRORS[verdict.error_type](verdict.error_message)

    def fail(self, error):
        """Has the run closed after an exception of the function, which no error of ours may hide."""
        if isinstance(error, SystemExit) and error.code in (None, 0):
            self._close("finished")
            return
        name, message = describe(error)
        self._note("exception", type=name, message=message)
        self._close("killed" if isinstance(error, KeyboardInterrupt) else "failed")

    def _enable_autolog(self, options):
        if not options.autolog_enabled:
            _flavors.autolog(self._mlflow, {"disable": True, "silent": True})
            self._note("autolog-off", reason="mlflow_experiment")
            return
        _observe_trainings()
        for name in _flavors.autolog(self._mlflow, dict({"silent": True}, **(options.autolog_config or {}))):
            _binary.say("mlops-track: warning: autolog_config: MLflow has no autolog for %r\n" % name)
        self._note("autolog", mlflow=self._mlflow.__version__)

    def _note(self, event, **fields):
        """Keeps what the hook would have written into events.jsonl."""
        self._notes.append(line(event, **fields))

    def training(self, framework, call):
        """Notes a training call."""
        self._note("training", framework=framework, call=call)

    def _close(self, ended, result=None):
        """Returns the verdict of the binary; where there is none, the status that follows from how the function ended."""
        _open.pop(self._id, None)
        verdict = _binary.Verdict(_STATUS[ended])
        try:
            self._flush()
            verdict = self._record(ended, result)
        except KeyboardInterrupt:
            verdict.status = "KILLED"
            raise
        except Exception as error:
            self._complain("error", "the result of run %s is not recorded: %s", error)
        finally:
            self._leave(verdict.status)
        return verdict

    def _record(self, ended, result):
        binary = _binary.find()
        folder = tempfile.mkdtemp(prefix="mlops-track-")
        try:
            result_file, hook_dir = os.path.join(folder, "result.json"), os.path.join(folder, "hook")
            if result is not None:
                write(result_file, result)
            os.mkdir(hook_dir, 0o700)
            with open(os.path.join(hook_dir, EVENTS), "wb") as file:
                file.writelines(self._notes)
            arguments = ["--run-id", self._id, "--result-file", result_file, "--hook-dir", hook_dir, "--ended", ended]
            return _binary.record(binary, arguments, self._uri)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _flush(self):
        """Sends the values that MLflow still has queued. The queue of artifacts is an active run's: without one, asking
        for it would start a run."""
        getattr(self._mlflow, "flush_async_logging", lambda: None)()
        if self._mlflow.active_run() is not None:
            getattr(self._mlflow, "flush_artifact_async_logging", lambda: None)()

    def _leave(self, status):
        """Takes this run, and those that the function left open in it, off MLflow's stack.

        MLflow writes a status when it does so: the one that the run has in the store already, if it was closed there.
        """
        try:
            on_stack = False
            while not on_stack:
                active = self._mlflow.active_run()
                if active is None or active.info.run_id == self._outer_id:
                    break
                on_stack = active.info.run_id == self._id
                self._mlflow.end_run(self._stored(active.info.run_id) or status)
            if not on_stack and not self._stored(self._id):
                self._mlflow.MlflowClient().set_terminated(self._id, status)
        except Exception as error:
            self._complain("error", "run %s could not be closed: %s", error)

    def _stored(self, run_id):
        """Returns the final status of a run in the store, None while it has none."""
        status = self._mlflow.MlflowClient().get_run(run_id).info.status
        return status if status in _binary.STATUSES else None

    def _complain(self, kind, message, error):
        _binary.say("mlops-track: %s: %s\n" % (kind, message % (self._id, error)))
        if getattr(error, "hint", ""):
            _binary.say("mlops-track: hint: %s\n" % error.hint)


def _note_training(framework, call):
    """Notes a training call at the run it belongs to: MLflow's active one, else the innermost."""
    active = sys.modules["mlflow"].active_run()
    run = _open.get(active.info.run_id) if active else None
    if run is None and _open:
        run = list(_open.values())[-1]
    if run is not None:
        run.training(framework, call)


_observed = False


def _observe_trainings():
    global _observed
    if _observed:
        return
    _observed = True
    _training.observe(_note_training)
    _training.listen()
    if "catboost" in sys.modules:
        _catboost.apply(sys.modules["catboost"])
    else:
        sys.meta_path.insert(0, _CatboostFinder)


class _CatboostFinder:
    """Has _catboost follow the first import of catboost, as the hook does inside a step."""

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name != "catboost" or cls not in sys.meta_path:
            return None
        try:
            sys.meta_path.remove(cls)
            spec = importlib.util.find_spec(name)
        except (ImportError, ValueError):  # the import goes on without us, and tells what is wrong
            return None
        if spec is not None:
            _loader.wrap(spec.loader, name, _execute_catboost)
        return spec


def _execute_catboost(execute, module):
    execute(module)
    try:
        _catboost.apply(module)
    except Exception:  # another version, without what is wrapped
        pass
