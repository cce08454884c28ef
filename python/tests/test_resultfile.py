"""The result file where several processes and threads add to it."""

import json
import os
import pathlib
import random
import subprocess
import sys
import threading
import time

import pytest

import mlops_track
from mlops_track import _lockfile, _resultfile

SOURCE = str(pathlib.Path(mlops_track.__file__).parent.parent)


class Writers:
    """Further processes of the step, which add to its result."""

    def __init__(self, folder, hook):
        self.result, self.hook = folder / "result.json", hook
        ours = ("MLOPS_", "PYTHON")
        self.env = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        self.env.update(PYTHONPATH=SOURCE, MLOPS_RESULT=str(self.result))
        if hook:
            self.env["MLOPS_HOOK"] = str(hook)

    def start(self, code, *args):
        command = [sys.executable, "-c", "import mlops_track, os, sys, time\n" + code] + [str(arg) for arg in args]
        return subprocess.Popen(command, env=self.env, stdout=subprocess.PIPE, text=True)

    def found(self):
        return json.loads(self.result.read_text())

    def warnings(self):
        file = self.hook / "events.jsonl"
        lines = file.read_text().splitlines() if file.exists() else []
        return [json.loads(line)["message"] for line in lines if '"warning"' in line]


@pytest.fixture(params=["hook", "no hook"])
def writers(request, tmp_path):
    """A result file in a folder of its own, with the hook's folder and without."""
    (tmp_path / "hook").mkdir()
    (tmp_path / "result").mkdir()
    return Writers(tmp_path / "result", tmp_path / "hook" if request.param == "hook" else None)


def test_processes_and_threads_lose_nothing(writers):
    code = """
import threading
def add(first):
    for i in range(first, 8, 2):
        mlops_track.result(metrics={"rank%s.%d" % (sys.argv[1], i): i}, artifacts="%s.%d" % (sys.argv[1], i))
threads = [threading.Thread(target=add, args=(first,)) for first in (0, 1)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""
    started = [writers.start(code, rank) for rank in range(8)]
    assert [process.wait(60) for process in started] == [0] * 8
    assert len(writers.found()["metrics"]) == 64
    assert len(writers.found()["artifacts"]) == 64
    left = ["result.json"] if writers.hook else [".result.json.lock", "result.json"]
    assert sorted(os.listdir(str(writers.result.parent))) == left


def test_killed_processes_take_nothing_with_them(writers):
    code = """
for i in range(100000):
    mlops_track.result(metrics={"%s.%d" % (sys.argv[1], i): i}, params={"filler": "x" * 50000})
    print(i, flush=True)
"""
    added = set()
    for turn in range(6):
        process = writers.start(code, turn)
        process.stdout.readline()
        time.sleep(random.random() / 10)
        process.kill()
        last = process.communicate()[0].split()  # what it had printed was added
        added.update("%d.%d" % (turn, i) for i in range(int(last[-1]) + 1 if last else 1))
    assert added <= set(writers.found()["metrics"])


def test_conflict_is_told_once(writers):
    code = "mlops_track.result(metrics={'acc': float(sys.argv[1]), 'same': 1}, model_name='m' + sys.argv[1])\n" * 3
    for value in (0.5, 0.75, 0.5):
        assert writers.start(code, value).wait(60) == 0
    assert writers.found() == {"metrics": {"acc": 0.5, "same": 1}, "model_name": "m0.5"}
    if writers.hook:
        told = "mlops_track.result: several processes set %s to different values; the last one is used"
        assert writers.warnings() == [told % "metrics 'acc'", told % "model_name"] * 2


def test_own_values_may_change(writers):
    code = "for i in range(3): mlops_track.result(metrics={'acc': i})"
    assert writers.start(code).wait(60) == 0
    assert writers.found() == {"metrics": {"acc": 2}}
    assert not writers.hook or writers.warnings() == []


def test_file_that_the_script_writes_itself(writers):
    writers.result.write_text('\ufeff{"params": {"lr": 0.1}, "artifacts": "a"}', encoding="utf-8")
    assert writers.start("mlops_track.result(params={'depth': 3}, artifacts='b')").wait(60) == 0
    assert writers.found() == {"params": {"lr": 0.1, "depth": 3}, "artifacts": ["a", "b"]}


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.setenv("MLOPS_RESULT", str(tmp_path / "result.json"))
    monkeypatch.setenv("MLOPS_HOOK", str(tmp_path))
    return tmp_path


def test_device_is_not_replaced(files, monkeypatch):
    monkeypatch.setenv("MLOPS_RESULT", os.devnull)
    assert mlops_track.result(params={"a": 1}) == {"params": {"a": 1}}
    assert not os.path.isfile(os.devnull)


def test_link_stays(files):
    (files / "target").mkdir()
    (files / "result.json").symlink_to(files / "target" / "r.json")
    mlops_track.result(params={"a": 1})
    assert json.loads((files / "target" / "r.json").read_text()) == {"params": {"a": 1}}
    assert (files / "result.json").is_symlink()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_child_forked_while_a_thread_writes(files, monkeypatch):
    """The child inherits the lock of its parent, and a mutex that nobody in it can release."""
    writing, go_on = threading.Event(), threading.Event()
    write = _resultfile.write

    def slow(*args):
        writing.set()
        assert go_on.wait(60)
        write(*args)

    monkeypatch.setattr(_resultfile, "write", slow)
    thread = threading.Thread(target=mlops_track.result, kwargs={"params": {"parent": 1}})
    thread.start()
    assert writing.wait(60)
    child = os.fork()
    if child == 0:
        go_on.set()  # the child's own event
        mlops_track.result(params={"child": 2})
        os._exit(0)
    go_on.set()
    thread.join(60)
    assert os.waitpid(child, 0)[1] == 0
    assert json.loads((files / "result.json").read_text())["params"] == {"parent": 1, "child": 2}


def test_release_unlocks_for_a_process_that_was_forked_meanwhile(files):
    held = _lockfile.take(str(files / "lock"), 0)
    inherited = os.dup(held)  # as a forked child has it
    assert _lockfile.take(str(files / "lock"), 0) is None
    _lockfile.release(held)
    again = _lockfile.take(str(files / "lock"), 0)
    assert again is not None
    _lockfile.release(again)
    os.close(inherited)


def test_lock_that_cannot_be_had_is_told(files, monkeypatch):
    monkeypatch.setattr(_resultfile, "_PATIENCE", 0)
    held = _lockfile.take(str(files / "result.lock"), 0)
    with pytest.warns(RuntimeWarning, match="cannot be locked"):
        mlops_track.result(params={"a": 1})
    _lockfile.release(held)
    assert json.loads((files / "result.json").read_text()) == {"params": {"a": 1}}
