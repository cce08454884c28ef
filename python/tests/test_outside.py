"""The decorator outside a step: its run, and what is handed over to the binary."""

import os
import sys
import threading

import pytest

import mlops_track
from mlops_track import InvalidResult, MissingParams, mlflow_experiment

pytestmark = pytest.mark.usefixtures("store")

CATBOOST = """
class CatBoost:
    def fit(self):
        return self


class CatBoostRegressor(CatBoost):
    pass


def train():
    return "trained"


def cv():
    return "validated"
"""


def experiment(**options):
    return mlflow_experiment("outside", **options)


def last_run(store):
    """Returns the run that was opened last."""
    found = store.get_experiment_by_name("outside")
    return store.search_runs([found.experiment_id], order_by=["attributes.start_time DESC"])[0]


def kinds(call):
    return [event["event"] for event in call["events"]]


def test_the_result_is_handed_over(store, recorder, tmp_path, capsys):
    recorder.answer(warnings=["param collision detected: ['C']"])
    returned = {"params": {"C": 1}, "metrics": {"rmse": float("nan")}, "artifacts": ["out/*.txt", "!out/b.txt"]}

    @experiment(run_name="named", tags={"team": "ads", "n": 1})
    def train(a, b=2):
        assert (a, b) == (1, 3)
        os.mkdir("deeper")
        os.chdir("deeper")
        return returned

    assert train(1, b=3) is returned
    assert train.__name__ == "train"
    [call] = recorder.calls
    run = last_run(store)
    assert call["run_id"] == run.info.run_id
    assert call["ended"] == "finished"
    assert call["result"] == {"params": {"C": 1}, "metrics": {"rmse": "NaN"}, "artifacts": ["out/*.txt", "!out/b.txt"]}
    assert call["cwd"] == str(tmp_path / "deeper")  # relative paths of the result mean what they mean to the function
    assert call["uris"] == ["sqlite:///%s" % (tmp_path / (tmp_path.name + ".db"))] * 2
    assert call["path"].split(os.pathsep)[0] == os.path.dirname(sys.executable)
    assert run.info.run_name == "named"
    assert run.info.status == "FINISHED"
    tags = {key: value for key, value in run.data.tags.items() if not key.startswith("mlflow.")}
    assert tags == {"team": "ads", "n": "1", "mlops.version": mlops_track.__version__, "mlops.status": "FINISHED"}
    out, err = capsys.readouterr()
    assert out == ""
    assert "mlops-track: warning: param collision detected: ['C']\n" in err


def test_what_the_hook_would_have_noted(recorder, mlflow):
    experiment()(dict)()
    experiment(autolog_enabled=False)(dict)()
    on, off = recorder.calls
    assert kinds(on) == ["python", "autolog"]
    assert kinds(off) == ["python", "autolog-off"]
    python, autolog = on["events"]
    assert python["version"] == "%d.%d.%d" % sys.version_info[:3]
    assert python["executable"] == sys.executable
    assert autolog["mlflow"] == mlflow.__version__
    assert all(event["pid"] == os.getpid() and event["time"] > 1e9 for event in on["events"])


def test_trainings_are_noted_at_their_run(recorder, tmp_path, monkeypatch):
    (tmp_path / "catboost.py").write_text("import sys\n" + CATBOOST + "\ncore = sys.modules[__name__]\n")
    monkeypatch.syspath_prepend(str(tmp_path))

    @experiment(run_name="inner")
    def inner():
        import catboost  # for the first time

        assert catboost.CatBoostRegressor().fit()
        assert catboost.train() == "trained"

    @experiment(run_name="outer")
    def outer():
        inner()
        import catboost

        thread = threading.Thread(target=catboost.cv)  # has no active run of MLflow
        thread.start()
        thread.join()

    outer()
    of_inner, of_outer = recorder.calls
    calls = [[(e["framework"], e["call"]) for e in call["events"] if e["event"] == "training"] for call in recorder.calls]
    assert calls == [[("catboost", "fit"), ("catboost", "train")], [("catboost", "cv")]]
    assert of_inner["run_id"] != of_outer["run_id"]


def test_trainings_that_mlflow_patched_are_noted(recorder):
    from mlflow.utils.autologging_utils.events import AutologgingEventLogger

    class Session:
        integration = "sklearn"

    @experiment()
    def train():
        for name in ("fit", "predict"):
            AutologgingEventLogger.get_logger().log_patch_function_start(Session, None, name, (), {})

    train()
    [call] = recorder.calls
    assert [event["call"] for event in call["events"] if event["event"] == "training"] == ["fit"]


@pytest.mark.parametrize("error", [InvalidResult, MissingParams])
def test_an_error_of_the_result_is_raised(store, recorder, error, capsys):
    recorder.answer(error_type=error.__name__, error_message="artifacts: 'missing.txt' does not exist")
    with pytest.raises(error, match=r"^artifacts: 'missing.txt' does not exist$") as raised:
        experiment()(lambda: {"artifacts": "missing.txt"})()
    assert isinstance(raised.value, ValueError)
    assert last_run(store).info.status == "FAILED"
    assert "mlops-track: error: artifacts: 'missing.txt' does not exist\n" in capsys.readouterr().err


class Diverged(Exception):
    pass


@pytest.mark.parametrize(
    ("error", "ended", "status", "noted"),
    [
        (ValueError("bad data"), "failed", "FAILED", ("ValueError", "bad data")),
        (Diverged("loss is nan"), "failed", "FAILED", (__name__ + ".Diverged", "loss is nan")),
        (SystemExit(3), "failed", "FAILED", ("SystemExit", "3")),
        (KeyboardInterrupt(), "killed", "KILLED", ("KeyboardInterrupt", "")),
        (SystemExit(0), "finished", "FINISHED", None),
    ],
)
def test_an_exception_of_the_function_is_its_own(store, recorder, error, ended, status, noted):
    recorder.answer()

    @experiment()
    def train():
        raise error

    with pytest.raises(type(error)) as raised:
        train()
    assert raised.value is error
    [call] = recorder.calls
    assert call["ended"] == ended
    assert call["result"] is None
    assert [(e["type"], e["message"]) for e in call["events"] if e["event"] == "exception"] == ([noted] if noted else [])
    assert last_run(store).info.status == status


def test_an_exception_outranks_what_the_binary_says(store, recorder):
    recorder.answer(error_type="MissingParams", error_message="none")
    with pytest.raises(ZeroDivisionError):
        experiment()(lambda: 1 / 0)()


def test_a_result_of_another_type_is_an_error(store, recorder):
    with pytest.raises(TypeError, match="must return its result as a dict, not list"):
        experiment()(list)()
    [call] = recorder.calls
    assert call["ended"] == "failed"
    assert last_run(store).info.status == "FAILED"


def test_the_status_of_the_binary_stays(store, recorder, mlflow):
    """Runs that the function left open end too, and one that was open before stays open."""
    recorder.answer(error_type="InvalidResult", error_message="no")
    opened = []

    @experiment()
    def train():
        opened.append(mlflow.start_run(nested=True).info.run_id)

    mlflow.set_experiment("outside")
    with mlflow.start_run() as outer:
        with pytest.raises(InvalidResult):
            train()
        assert mlflow.active_run().info.run_id == outer.info.run_id
        ours = store.get_run(recorder.calls[0]["run_id"])
        assert ours.info.status == "FAILED"
        assert ours.data.tags["mlflow.parentRunId"] == outer.info.run_id
        assert store.get_run(opened[0]).info.status == "FAILED"
    assert store.get_run(outer.info.run_id).info.status == "FINISHED"


def test_a_function_that_ends_its_run_itself(store, recorder, mlflow):
    experiment()(lambda: mlflow.end_run("FINISHED"))()
    assert last_run(store).info.status == "FINISHED"
    found = store.get_experiment_by_name("outside")
    assert len(store.search_runs([found.experiment_id])) == 1


def test_queued_values_are_sent_before(store, recorder, mlflow):
    if not hasattr(mlflow, "flush_async_logging"):
        pytest.skip("this MLflow has no asynchronous values")

    @experiment()
    def train():
        for i in range(20):
            mlflow.log_metric("loss", i, step=i, synchronous=False)

    train()
    assert last_run(store).data.metrics == {"loss": 19}


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"silent": True, "code": 2}, "record ended with exit code 2\nmlops-track: hint: the program must be of"),
        ({"silent": True, "code": 0}, "record ended with exit code 0\n"),
        ({"silent": True, "code": 70}, "record ended with exit code 70\n"),
    ],
)
def test_a_binary_that_records_nothing_loses_nothing(store, recorder, capsys, answer, told):
    recorder.answer(**answer)
    assert experiment()(lambda: {"params": {"a": 1}})() == {"params": {"a": 1}}
    run = last_run(store)
    assert run.info.status == "FINISHED"
    assert "mlops-track: error: the result of run %s is not recorded: " % run.info.run_id in capsys.readouterr().err
    with pytest.raises(ZeroDivisionError):
        experiment()(lambda: 1 / 0)()
    assert last_run(store).info.status == "FAILED"
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("named", ["", "/not/there"])
def test_without_the_binary(store, monkeypatch, capsys, named):
    monkeypatch.setenv("MLOPS_TRACK_BINARY", named)
    monkeypatch.setenv("PATH", "/not/there/either")
    seen = []

    def train():
        seen.append(capsys.readouterr().err)
        return {"params": {"a": 1}}

    assert experiment()(train)() == {"params": {"a": 1}}
    run = last_run(store)
    why = "MLOPS_TRACK_BINARY names '/not/there'" if named else "the program mlops-track, which records results"
    hint = "mlops-track: hint: put mlops-track on PATH or name it in MLOPS_TRACK_BINARY; "
    before, after = seen[0], capsys.readouterr().err
    assert "mlops-track: warning: the result of run %s will not be recorded: %s" % (run.info.run_id, why) in before
    assert "mlops-track: error: the result of run %s is not recorded: %s" % (run.info.run_id, why) in after
    assert hint in before
    assert hint in after
    assert run.info.status == "FINISHED"
    assert run.data.params == {}


def test_an_interrupt_while_recording(store, recorder, monkeypatch):
    """Ctrl-C reaches the binary too, which gets the time to close the run."""
    from mlops_track import _binary

    def interrupted(text):
        raise KeyboardInterrupt

    recorder.answer(warnings=["uploading"])
    monkeypatch.setattr(_binary, "say", interrupted)
    with pytest.raises(KeyboardInterrupt):
        experiment()(dict)()
    assert last_run(store).info.status == "FINISHED"  # as the binary wrote it


def test_which_binary(recorder, monkeypatch, tmp_path):
    from mlops_track import _binary

    assert _binary.find() == str(recorder.binary)
    monkeypatch.delenv("MLOPS_TRACK_BINARY")
    monkeypatch.setenv("PATH", str(recorder.binary.parent))
    assert _binary.find() == str(recorder.binary)
    monkeypatch.setattr(_binary, "BINARY", str(tmp_path / "gone"))
    assert _binary.find() == str(recorder.binary)
    monkeypatch.setattr(_binary, "BINARY", sys.executable)
    assert _binary.find() == sys.executable


def test_nothing_is_left_in_the_temporary_folder(recorder, monkeypatch, tmp_path):
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    os.mkdir(tempfile.tempdir)
    experiment()(dict)()
    assert os.listdir(tempfile.tempdir) == []
    assert len(recorder.calls) == 1


def test_helpers_warn_outside_a_step():
    for call in (lambda: mlops_track.result(params={"a": 1}), lambda: mlops_track.log_metrics({"a": 1})):
        with pytest.warns(RuntimeWarning, match="this is not a tracked step"):
            call()
