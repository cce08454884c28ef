// Package python holds what rides into the Python processes of a training step, and unpacks it for PYTHONPATH.
//
// The folder is a Python project (pyproject.toml) with three parts. hook/sitecustomize.py is the hook: Python runs it at every start; it costs less than a
// millisecond until a training framework or mlflow is imported, then enables autolog in one process of the step, keeps
// the script in the step's run and store, and writes what it saw to $MLOPS_HOOK/events.jsonl. src/mlops_track is the
// package that a script may import, and holds the later parts of the hook. src/mlops_wrapper is an older name of the same
// decorator; it is unpacked into a folder that is searched last, for where no such package is installed.
//
// Outside a step the decorator mlflow_experiment opens its run with the user's own MLflow and hands over to the binary
// (mlops-track record), which decides all the rest by the rules of a step.
//
// The hook never makes a program fail and never prints. It does nothing but chain to the sitecustomize it shadows where
// MLOPS_HOOK is not set.
//
// Followed documents: Python's site module (https://docs.python.org/3/library/site.html), its import system
// (https://docs.python.org/3/reference/import.html), and MLflow's autologging
// (https://mlflow.org/docs/latest/ml/tracking/autolog/).
package python
