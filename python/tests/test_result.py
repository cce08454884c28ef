"""The helper inside a step: the result file and the live metrics."""

import fractions
import json
import os
import pathlib
import time

import pytest

import mlops_track
from mlops_track import mlflow_experiment


@pytest.fixture
def files(tmp_path, monkeypatch):
    """The two files of a step, which are not there yet, and the hook's folder."""
    result, metrics = tmp_path / "deep/result.json", tmp_path / "metrics.jsonl"
    monkeypatch.setenv("MLOPS_RESULT", str(result))
    monkeypatch.setenv("MLOPS_METRICS", str(metrics))
    monkeypatch.setenv("MLOPS_HOOK", str(tmp_path))
    return result, metrics


class Scalar:
    """As numpy's and torch's: an array of one element."""

    shape = (1,)

    def item(self):
        return 0.5


def test_calls_merge(files):
    mlops_track.result(params={"depth": 3, "rate": float("inf"), "path": pathlib.Path("a")}, artifacts="a.txt")
    mlops_track.result(metrics={"acc": 0.5, "half": fractions.Fraction(1, 2), "one": Scalar(), "nested": {"f1": 1}})
    whole = mlops_track.result(metrics={"acc": 0.75}, tags={"n": 1}, artifacts=[pathlib.Path("b.txt"), "a.txt"])
    assert whole == {
        "params": {"depth": 3, "rate": "Infinity", "path": "a"},
        "metrics": {"acc": 0.75, "half": 0.5, "one": 0.5, "nested": {"f1": 1}},
        "tags": {"n": "1"},
        "artifacts": ["a.txt", "b.txt"],
    }
    assert json.loads(files[0].read_text()) == whole
    assert os.listdir(str(files[0].parent)) == ["result.json"]


@pytest.mark.parametrize("wrong", ["high", None, [1.0], 1j, b"1"])
def test_a_metric_that_is_no_number(files, wrong):
    with pytest.raises(TypeError, match="metric 'acc' must be a number, not " + type(wrong).__name__):
        mlops_track.result(metrics={"acc": wrong})
    assert not files[0].exists()


def test_broken_result_file_is_told(files):
    files[0].parent.mkdir()
    files[0].write_text("{")
    with pytest.raises(ValueError, match=r"result\.json is not JSON"):
        mlops_track.result(params={"a": 1})


def test_live_metrics(files):
    mlops_track.log_metrics({"loss": 0.5, "gap": float("nan")}, step=2)
    mlops_track.log_metrics({"loss": 0.25, "step": 3, "timestamp": 7})
    first, second = [json.loads(line) for line in files[1].read_text().splitlines()]
    assert abs(first.pop("timestamp") / 1000 - time.time()) < 100
    assert first == {"loss": 0.5, "gap": "NaN", "step": 2}
    assert second == {"loss": 0.25, "step": 3, "timestamp": 7}


def test_live_metrics_never_stop_a_training(files, monkeypatch, tmp_path):
    monkeypatch.setenv("MLOPS_METRICS", str(tmp_path))
    with pytest.warns(RuntimeWarning, match="log_metrics"):
        mlops_track.log_metrics({"loss": 1})


def test_decorator_inside_a_step(files, tmp_path):
    returned = {"params": {"lr": 0.1}, "tags": {"from": "function"}}

    @mlflow_experiment(
        "other", run_name="other", tags={"team": "ads", "from": "decorator"}, tracking_uri="http://elsewhere"
    )
    def train():
        return returned

    assert train() is returned
    assert train() is returned
    assert json.loads(files[0].read_text()) == {"params": {"lr": 0.1}, "tags": {"team": "ads", "from": "function"}}
    [event] = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    assert event["event"] == "warning"
    assert "experiment_name='other', run_name='other', tracking_uri='http://elsewhere' has no effect" in event["message"]
