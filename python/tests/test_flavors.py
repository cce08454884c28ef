"""Which libraries mlflow.autolog is enabled for."""

import json

import pytest

from mlops_track import _flavors

# Prints the libraries for which MLflow waits once a framework was imported.
WAITED = (
    "import sklearn, json\n"
    "from mlflow.utils.import_hooks import _post_import_hooks\n"
    "print(json.dumps(sorted(name for name, hooks in _post_import_hooks.items() if hooks)))"
)
GENAI = {"anthropic", "boto3", "crewai", "langchain", "litellm", "openai"}


def waited(step, **config):
    step.settings(autolog=True, autolog_config=config)
    step.add("sklearn.py", "")
    got = step.python(step.add("train.py", WAITED))
    assert (got.returncode, got.stderr) == (0, "")
    return set(json.loads(got.stdout))


def known(mlflow):
    """The libraries that this MLflow would wait for."""
    names = set()
    scope = (
        mlflow.autolog.__globals__ if not hasattr(mlflow.autolog, "__wrapped__") else mlflow.autolog.__wrapped__.__globals__
    )
    original = scope["register_post_import_hook"]
    scope["register_post_import_hook"] = lambda hook, library, **_: names.add(library)
    try:
        mlflow.autolog(silent=True)
    finally:
        scope["register_post_import_hook"] = original
    return names


def test_training_frameworks_only(step, mlflow):
    found = waited(step)
    assert {"xgboost", "lightgbm", "transformers", "pyspark.ml"} <= found
    assert found <= _flavors.TRAINING


def test_every_library_of_this_mlflow_is_known(mlflow):
    """Tells when MLflow learns of a library: it belongs to TRAINING, or it is none for training."""
    roots = {name.split(".")[0] for name in known(mlflow) - _flavors.TRAINING}
    listed = {"agno", "anthropic", "autogen", "autogen_agentchat", "boto3", "crewai", "dspy", "google", "groq", "haystack"}
    listed |= {"langchain", "litellm", "llama_index", "mistralai", "openai", "pydantic_ai", "smolagents", "strands"}
    assert roots <= listed | {"typesafe_sdk"}


def test_asked_for_by_name(step, mlflow):
    if not GENAI & known(mlflow):
        pytest.skip("this MLflow has no autolog for GenAI libraries")
    found = waited(step, flavors=["openai", "bedrock", "opnai"])
    assert found & GENAI == {"openai", "boto3"}
    [warning] = [event["message"] for event in step.events() if event["event"] == "warning"]
    assert warning == "autolog-config: MLflow %s has no autolog for 'opnai'" % mlflow.__version__


def test_asked_for_by_traces(step, mlflow):
    if not GENAI & known(mlflow):
        pytest.skip("this MLflow has no autolog for GenAI libraries")
    assert waited(step, log_traces=True) & GENAI == GENAI


class Module:
    """Stands for the module mlflow with a given function autolog."""

    __version__ = "9"

    def __init__(self, autolog):
        self.autolog = autolog


def with_hooks(body):
    """Returns mlflow.autolog of a MLflow that registers hooks, with the list of those that came through."""
    through = []
    scope = {"register_post_import_hook": lambda hook, library, **_: through.append(library)}
    exec(body, scope)
    return scope, through


def test_unknown_library_is_left_out():
    body = (
        "def autolog(silent=False, log_traces=True):\n  global traces\n  traces = log_traces\n"
        "  for name in ('sklearn', 'newllm', 'new.agents'): register_post_import_hook(None, name, overwrite=True)\n"
    )
    scope, through = with_hooks(body)
    register = scope["register_post_import_hook"]
    assert _flavors.autolog(Module(scope["autolog"]), {"silent": True}) == []
    assert (through, scope["traces"], scope["register_post_import_hook"] is register) == (["sklearn"], False, True)
    assert _flavors.autolog(Module(scope["autolog"]), {"flavors": "newllm"}) == []
    assert (through, scope["traces"]) == (["sklearn", "sklearn", "newllm"], True)


def test_hooks_are_put_back_after_an_error():
    scope, _ = with_hooks("def autolog():\n  raise ValueError('mine')\n")
    register = scope["register_post_import_hook"]
    with pytest.raises(ValueError, match="mine"):
        _flavors.autolog(Module(scope["autolog"]), {})
    assert scope["register_post_import_hook"] is register


def test_mlflow_without_these_hooks():
    """Of some future: the flavors of today are excluded by name, and no traces are asked for."""
    calls = []

    def autolog(log_traces=True, exclude_flavors=None):
        calls.append((log_traces, exclude_flavors))

    _flavors.autolog(Module(autolog), {"exclude_flavors": ["spark"]})
    _flavors.autolog(Module(autolog), {"flavors": ["openai"]})
    (no_traces, excluded), (traces, others) = calls
    assert (no_traces, traces) == (False, True)
    assert {"spark", "openai", "langchain"} <= set(excluded)
    assert "openai" not in others
    assert "langchain" in others
