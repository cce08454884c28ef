"""The hook in the Python processes of a step."""

import ast
import glob
import json
import os
import shutil
import subprocess
import sys
import time

import pytest


def test_start_says_that_the_hook_is_loaded(step):
    got = step.python("-c", "print('out')")
    assert (got.returncode, got.stdout, got.stderr) == (0, "out\n", "")
    [event] = step.events()
    assert event["event"] == "python"
    assert event["executable"] == sys.executable
    assert event["version"] == "%d.%d.%d" % sys.version_info[:3]
    assert event["pid"] > 0
    assert abs(event["time"] - time.time()) < 100
    assert (step.private / "events.jsonl").stat().st_mode & 0o777 == 0o600


def test_start_outside_a_step(step):
    code = (
        "import sys, mlops_track, mlops_wrapper.mlflow_wrapper as older\n"
        "print(older.mlflow_experiment is mlops_track.mlflow_experiment, len(sys.meta_path))"
    )
    bare = step.python("-I", "-c", "import sys; print(len(sys.meta_path))")
    assert step.python("-c", code, MLOPS_HOOK="").stdout == "True " + bare.stdout
    assert step.events() == []


@pytest.mark.parametrize("flag", ["-I", "-E", "-S"])
def test_isolated_python_loads_no_hook(step, flag):
    assert step.python(flag, "-c", "pass").returncode == 0
    assert step.events() == []


@pytest.mark.parametrize("folder", ["/does/not/exist", "relative", "/dev/null", "broken"])
def test_inert_without_a_usable_folder(step, folder):
    step.add("broken/hook.json", "{")
    step.add("sklearn.py", "")
    code = "import sys; sys.path.insert(0, '.')\nimport sklearn\nprint('mlflow' in sys.modules)"
    got = step.python("-W", "error", "-c", code, MLOPS_HOOK=folder)
    assert (got.stdout, got.stderr) == ("False\n", "")


SEEN = (
    "import builtins, sys\n"
    "builtins.seen = getattr(builtins, 'seen', []) + [(__name__, __file__, sys.modules[__name__].__file__)]\n"
)
COMPLAINT = "Error in sitecustomize; set PYTHONVERBOSE for traceback:\n"


@pytest.mark.parametrize(
    ("body", "script", "stdout", "stderr"),
    [
        (
            SEEN,
            "import builtins, sitecustomize; print(builtins.seen, sitecustomize.__file__)",
            "[('sitecustomize', '{0}', '{0}')] {0}\n",
            "",
        ),
        ("raise ValueError('mine')\n", "print('goes on')", "goes on\n", COMPLAINT + "ValueError: mine\n"),
        (
            "import not_there_at_all\n",
            "print('goes on')",
            "goes on\n",
            COMPLAINT + "ModuleNotFoundError: No module named 'not_there_at_all'\n",
        ),
    ],
)
def test_shadowed_sitecustomize_runs_once_as_if_it_were_alone(step, tmp_path, body, script, stdout, stderr):
    theirs = step.add("site/sitecustomize.py", body)
    # Twice, as where one step runs another, which may be of another version.
    other = tmp_path / "another"
    os.symlink(str(step.unpacked), str(other))
    path = [str(step.unpacked), str(other), str(step.unpacked), os.path.dirname(theirs)]
    got = step.python("-c", script, PYTHONPATH=os.pathsep.join(path))
    assert (got.returncode, got.stdout, got.stderr) == (0, stdout.format(theirs), stderr)
    assert [event["event"] for event in step.events()] == ["python"]


@pytest.mark.parametrize("name", ["mlops_wrapper/__init__.py", "mlops_wrapper/none.txt"])
def test_installed_wrapper_wins(step, name):
    step.add("site/mlops_wrapper/mlflow_wrapper.py", "mlflow_experiment = 'theirs'\n")
    step.add("site/" + name, "")
    path = os.pathsep.join([str(step.unpacked), str(step.workspace / "site")])
    got = step.python("-c", "from mlops_wrapper.mlflow_wrapper import mlflow_experiment as e; print(e)", PYTHONPATH=path)
    assert got.stdout == "theirs\n"


@pytest.mark.parametrize(
    ("script", "want"),
    [
        ("raise ValueError('bad data')", ("ValueError", "bad data")),
        ("class Mine(Exception): pass\nraise Mine('m')", ("Mine", "m")),
        (
            "import json; json.loads('{')",
            (
                "json.decoder.JSONDecodeError",
                "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
            ),
        ),
        ("raise KeyError('%s')" % ("x" * 600), ("KeyError", "'" + "x" * 499)),
        ("class Odd(Exception):\n  def __str__(self): 1/0\nraise Odd", ("Odd", "<exception str() failed>")),
        ("import sys\nsys.excepthook = lambda *a: None\nraise ValueError('v')", ("ValueError", "v")),
        ("raise SystemExit(3)", None),
        ("raise KeyboardInterrupt", None),
        ("try:\n  1/0\nexcept ZeroDivisionError:\n  pass", None),
        ("import threading\nt = threading.Thread(target=lambda: 1/0); t.start(); t.join()", None),
    ],
)
def test_uncaught_exception(step, script, want):
    step.python(step.add("train.py", script))
    told = [(event["type"], event["message"]) for event in step.events() if event["event"] == "exception"]
    assert told == ([want] if want else [])


def without_packages(step, *args):
    """Runs the Python that the test environment was made from, which has no packages."""
    command = [os.path.realpath(sys.executable), "-s"] + list(args)
    return subprocess.run(command, cwd=str(step.workspace), env=step.env, text=True, capture_output=True, check=False)


def test_framework_without_mlflow(step):
    step.add("mlflow/readme.txt", "a folder, no package")
    step.add("sklearn/__init__.py", "__version__ = '9.9'\n")
    step.add(
        "train.py", "import sklearn\nprint(type(sklearn.__loader__).__name__, 'exec_module' in vars(sklearn.__loader__))\n"
    )
    got = without_packages(step, "-m", "train")
    assert (got.stdout, got.stderr) == ("SourceFileLoader False\n", "")
    events = step.events()
    assert [event["event"] for event in events] == ["python", "framework", "no-mlflow"]
    assert (events[1]["name"], events[1]["version"], events[1]["supported"]) == ("sklearn", "9.9", True)


def test_failing_framework_fails_as_without_hook(step):
    step.add("xgboost.py", "raise ImportError('libgomp is missing')\n")
    step.add(
        "train.py",
        "try:\n  import xgboost\nexcept ImportError as e:\n  print(e)\n"
        "try:\n  import lightgbm.nothing\nexcept ImportError as e:\n  print(e)\n",
    )
    got = without_packages(step, "train.py")
    assert got.stdout == "libgomp is missing\nNo module named 'lightgbm'\n"
    assert [event["event"] for event in step.events()] == ["python"]


def test_autolog_is_enabled_after_the_outermost_import(step, mlflow):
    step.settings(autolog=True, autolog_config={"log_everything": True})
    step.add("lightgbm.py", "import sys\ninside = 'mlflow' in sys.modules\n")
    step.add("xgboost.py", "import lightgbm, sys\ninside = 'mlflow' in sys.modules\n")
    script = "import lightgbm, xgboost, sys\nprint(xgboost.inside or lightgbm.inside, 'mlflow' in sys.modules)\n"
    got = step.python(step.add("train.py", script.replace("lightgbm, xgboost", "xgboost, lightgbm")))
    assert (got.stdout, got.stderr) == ("False True\n", "")
    events = step.events()
    kinds = [event["event"] for event in events if event["event"] != "autolog-error"]
    assert kinds[:3] == ["python", "framework", "framework"]
    assert kinds[3] == "warning"
    assert "log_everything" in events[3]["message"]
    assert [event["mlflow"] for event in events if event["event"] == "autolog"] in ([], [mlflow.__version__])


def python2():
    """Returns a Python 2, None where there is none."""
    roots = [os.environ.get("PYENV_ROOT"), os.path.expanduser("~/.pyenv")]
    found = [path for root in roots if root for path in glob.glob(os.path.join(root, "versions/2.*/bin/python"))]
    return found[0] if found else shutil.which("python2")


def test_old_python_runs_as_without_hook(step):
    if not python2():
        pytest.skip("no Python 2 is installed")
    theirs = step.add("site/sitecustomize.py", "import sys\nsys.theirs = __name__\n")
    path = os.pathsep.join([str(step.unpacked), os.path.dirname(theirs)])
    code = "import sys, json, sitecustomize\nprint(sys.theirs, sitecustomize.__file__.rstrip('c'), len(sys.meta_path))"
    got = subprocess.run(
        [python2(), "-c", code], env=dict(step.env, PYTHONPATH=path), text=True, capture_output=True, check=False
    )
    assert (got.returncode, got.stdout, got.stderr) == (0, "('sitecustomize', %r, 0)\n" % theirs, "")
    [event] = step.events()
    assert (event["event"], event["version"][:2]) == ("old-python", "2.")


def test_syntax_is_of_python_38(unpacked):
    """Whichever Python runs the tests, the files must stay readable by the oldest that a step may have."""
    files = sorted(unpacked.rglob("*.py"))
    assert len(files) > 15
    for file in files:
        ast.parse(file.read_text(encoding="utf-8"), str(file), feature_version=(3, 8))


def test_start_imports_nothing_of_ours(step):
    """Most Pythons of a step never import a framework. Until then they must not pay for more than sitecustomize."""
    code = "import json, sys; print(json.dumps(sorted(sys.modules)))"
    with_hook = set(json.loads(step.python("-c", code).stdout))
    without = set(json.loads(step.python("-c", code, PYTHONPATH="").stdout))
    allowed = {"sitecustomize", "atexit", "time", "_json"}
    assert with_hook - without <= allowed


def test_start_cost(step, capsys):
    """Prints what the hook adds to a start of Python; it asserts nothing, because machines differ."""
    best = {}
    for _ in range(15):
        for path in ("", str(step.unpacked)):
            began = time.perf_counter()
            step.python("-c", "pass", PYTHONPATH=path)
            best[path] = min(best.get(path, 100), (time.perf_counter() - began) * 1000)
    with capsys.disabled():
        print("\nbest start of Python: without the hook %.1f ms, with it %.1f ms" % tuple(best.values()))
