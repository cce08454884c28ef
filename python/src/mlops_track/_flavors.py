"""Calls mlflow.autolog for training frameworks only.

mlflow.autolog of MLflow 3 also enables the flavors of GenAI libraries, which record prompts and answers as traces. Nobody
asked for those by training a model, so a library that is not in TRAINING is left out, also one that MLflow learns of later.
"""

import inspect
from threading import get_ident

# Libraries whose training MLflow captures, in any version.
TRAINING = frozenset(
    (
        "catboost",
        "fastai",
        "gluon",
        "keras",
        "lightgbm",
        "lightning",
        "mxnet.gluon",
        "paddle",
        "prophet",
        "pyspark",
        "pyspark.ml",
        "pytorch_lightning",
        "setfit",
        "sklearn",
        "statsmodels",
        "tensorflow",
        "torch",
        "transformers",
        "xgboost",
    )
)

# Flavors of GenAI libraries that are named otherwise than the library.
_NAMES = {
    "autogen": "ag2",
    "autogen_agentchat": "autogen",
    "boto3": "bedrock",
    "google.genai": "gemini",
    "google.generativeai": "gemini",
    "mistralai": "mistral",
    "typesafe_sdk": "typesafe",
}

# Flavors that are excluded by name where the hooks of mlflow.autolog cannot be filtered.
_GENAI = [
    "ag2",
    "agno",
    "anthropic",
    "autogen",
    "bedrock",
    "crewai",
    "dspy",
    "gemini",
    "groq",
    "haystack",
    "langchain",
    "litellm",
    "llama_index",
    "mistral",
    "openai",
    "pydantic_ai",
    "smolagents",
    "strands",
    "typesafe",
]


def autolog(mlflow, config):
    """Calls mlflow.autolog with the keyword arguments config, for training frameworks and what config asks for: the
    flavors that its key "flavors" names, every one if "log_traces" is true. Returns the names that MLflow does not have."""
    config = dict(config)
    asked = config.pop("flavors", None) or ()
    asked = set([asked] if isinstance(asked, str) else [str(name) for name in asked])
    if config.get("log_traces"):
        mlflow.autolog(**config)
        return []
    known = inspect.signature(mlflow.autolog).parameters
    if "log_traces" in known and not asked:
        config["log_traces"] = False
    seen = set(TRAINING)
    scope = getattr(inspect.unwrap(mlflow.autolog), "__globals__", {})
    register = scope.get("register_post_import_hook")
    if register is None:
        if "exclude_flavors" in known:
            config["exclude_flavors"] = list(config.get("exclude_flavors") or []) + [n for n in _GENAI if n not in asked]
        mlflow.autolog(**config)
        return []
    me = get_ident()

    def register_wanted(hook, library, *args, **kwargs):
        names = {library, library.split(".")[0], _NAMES.get(library, "")}
        seen.update(names)
        if get_ident() == me and library not in TRAINING and not names & asked:
            return None
        return register(hook, library, *args, **kwargs)

    scope["register_post_import_hook"] = register_wanted
    try:
        mlflow.autolog(**config)
    finally:
        scope["register_post_import_hook"] = register
    return sorted(asked - seen)
