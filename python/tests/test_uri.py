import os
import pathlib

import pytest

from mlops_track._uri import absolute


@pytest.mark.parametrize(
    ("uri", "want"),
    [
        ("sqlite:///mlflow.db", "sqlite:///{}/mlflow.db"),
        ("sqlite:///deep/mlflow.db?timeout=3", "sqlite:///{}/deep/mlflow.db?timeout=3"),
        ("sqlite:////abs/mlflow.db", "sqlite:////abs/mlflow.db"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("sqlite://", "sqlite://"),
        ("mlruns", "file://{}/mlruns"),
        ("./ml runs", "file://{}/ml%20runs"),
        (pathlib.Path("mlruns"), "file://{}/mlruns"),
        ("/abs/mlruns", "file:///abs/mlruns"),
        ("file:mlruns", "file://{}/mlruns"),
        ("file:ml%20runs", "file://{}/ml%20runs"),
        ("file:///abs/ml%20runs", "file:///abs/ml%20runs"),
        ("http://127.0.0.1:5000/path", "http://127.0.0.1:5000/path"),
        ("databricks", "databricks"),
        ("databricks://profile", "databricks://profile"),
        ("postgresql+psycopg2://u:p@host/db", "postgresql+psycopg2://u:p@host/db"),
    ],
)
def test_absolute(uri, want, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert absolute(uri) == want.format(os.getcwd())
