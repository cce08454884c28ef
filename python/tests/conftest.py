"""What the tests share: the package as it is unpacked, a store of the installed MLflow, a stand-in for the binary."""

import json
import os
import pathlib
import shutil
import stat
import subprocess
import sys

import pytest

PROJECT = pathlib.Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def unpacked(tmp_path_factory):
    """The folder for PYTHONPATH, laid out as the Go package python unpacks it."""
    folder = tmp_path_factory.mktemp("unpacked")
    shutil.copy(PROJECT / "hook/sitecustomize.py", folder)
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PROJECT / "src/mlops_track", folder / "mlops_track", ignore=ignore)
    shutil.copytree(PROJECT / "src/mlops_wrapper", folder / "fallback/mlops_wrapper", ignore=ignore)
    return folder


class Step:
    """The surrounding that the binary gives to a training step: a workspace, and the private folder of the hook."""

    def __init__(self, folder, unpacked):
        self.workspace, self.private, self.unpacked = folder / "workspace", folder / "private", unpacked
        self.workspace.mkdir()
        self.private.mkdir()
        self.settings(autolog=True)
        ours = ("MLOPS_", "MLFLOW_", "PYTHON")
        self.env = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        self.env.update(PYTHONPATH=str(unpacked), MLOPS_HOOK=str(self.private), MLFLOW_DISABLE_TELEMETRY="true")

    def settings(self, **settings):
        """Writes hook.json."""
        (self.private / "hook.json").write_text(json.dumps(settings))

    def add(self, name, content):
        """Puts a file into the workspace and returns its path."""
        path = self.workspace / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        return str(path)

    def python(self, *args, **env):
        """Runs this Python in the step and returns what came of it."""
        return subprocess.run(
            [sys.executable] + list(args),
            cwd=str(self.workspace),
            env=dict(self.env, **env),
            text=True,
            capture_output=True,
            check=False,
            timeout=120,
        )

    def events(self):
        """Returns what the hook wrote, oldest first."""
        file = self.private / "events.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


@pytest.fixture
def step(tmp_path, unpacked):
    """A step of its own."""
    return Step(tmp_path, unpacked)


@pytest.fixture(scope="session")
def mlflow():
    """The installed MLflow."""
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    return pytest.importorskip("mlflow", reason="no MLflow is installed in this environment")


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory, mlflow):
    """A store with MLflow's tables and nothing in them. It takes seconds to make, so the environment keeps it."""
    path = pathlib.Path(sys.prefix, "mlops-track-tests-%s.db" % mlflow.__version__)
    if not path.exists():
        made = tmp_path_factory.mktemp("store") / "empty.db"
        mlflow.MlflowClient("sqlite:///%s" % made).search_experiments()
        if sys.prefix == sys.base_prefix:  # no environment of its own
            return made
        shutil.copy(str(made), str(path) + ".new")
        os.replace(str(path) + ".new", str(path))
    return path


class Recorder:
    """The stand-in for the binary (stand_in.py): what it shall answer, and what it was called with."""

    def __init__(self, folder):
        self.binary, self._folder = folder / "mlops-track", folder
        source = (PROJECT / "tests/stand_in.py").read_text()
        self.binary.write_text("#!%s\n%s" % (sys.executable, source))
        self.binary.chmod(self.binary.stat().st_mode | stat.S_IXUSR)

    def answer(self, **answer):
        """Says how the next calls end: error_type, error_message, warnings, code, silent."""
        (self._folder / "answer.json").write_text(json.dumps(answer))

    @property
    def calls(self):
        """The calls so far, oldest first."""
        file = self._folder / "calls.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


@pytest.fixture
def recorder(tmp_path, monkeypatch):
    """The stand-in as the binary that the decorator finds."""
    folder = tmp_path / "bin"
    folder.mkdir()
    made = Recorder(folder)
    monkeypatch.setenv("MLOPS_TRACK_BINARY", str(made.binary))
    return made


@pytest.fixture
def store(tmp_path, monkeypatch, mlflow, empty_store):
    """A store in the current folder, which MLflow is set to by a relative URI. Every run in it must end."""
    for name in list(os.environ):
        if name.startswith(("MLFLOW_", "MLOPS_")) and name not in ("MLFLOW_DISABLE_TELEMETRY", "MLOPS_TRACK_BINARY"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    name = tmp_path.name + ".db"  # MLflow keeps a connection for each URI, in whatever folder it was opened
    shutil.copy(str(empty_store), name)
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri("sqlite:///" + name)
    yield mlflow.MlflowClient()
    assert mlflow.active_run() is None, "a run is left on MLflow's stack"
    mlflow.set_tracking_uri(before)
