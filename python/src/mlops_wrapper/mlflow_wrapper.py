"""Keeps `from mlops_wrapper.mlflow_wrapper import mlflow_experiment` working where no such package is installed.

mlops_wrapper has no __init__.py on purpose: as a namespace package it never hides a folder of that name.
"""

from mlops_track import mlflow_experiment

__all__ = ["mlflow_experiment"]
