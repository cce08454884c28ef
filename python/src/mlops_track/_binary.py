"""Hands the result of a run over to the binary, which decides what becomes of it (mlops-track record)."""

import json
import os
import shutil
import subprocess
import sys

from ._version import BINARY

NAME = "mlops-track"
STATUSES = ("FINISHED", "FAILED", "KILLED")
_GRACE = 10  # seconds for the binary to end after an interrupt, which it gets too

INSTALL_HINT = (
    "put mlops-track on PATH or name it in MLOPS_TRACK_BINARY; "
    "with the folder that `mlops-track python-path` prints on PYTHONPATH it is found by itself"
)
_VERSION_HINT = "the program must be of the same version as this package; `mlops-track version` prints it"


class NotRecorded(Exception):
    """The binary is missing, or ended without recording the run. hint says what to do."""

    def __init__(self, message, hint=""):
        super().__init__(message)
        self.hint = hint


class Verdict:
    """What the binary decided of a run: its status, and what was wrong with it."""

    def __init__(self, status, error_type="", error_message=""):
        self.status = status
        self.error_type = error_type
        self.error_message = error_message


def find():
    """Returns the path of the binary: the one that is named, the one that unpacked this package, the one on PATH."""
    named = os.environ.get("MLOPS_TRACK_BINARY")
    if named:
        found = shutil.which(named)
        if not found:
            raise NotRecorded("MLOPS_TRACK_BINARY names %r, which is not a program" % named, INSTALL_HINT)
        return found
    found = (BINARY and shutil.which(BINARY)) or shutil.which(NAME)
    if not found:
        raise NotRecorded("the program mlops-track, which records results, is not found", INSTALL_HINT)
    return found


def record(binary, arguments, tracking_uri):
    """Runs `mlops-track record` and returns its verdict, having passed on what it says. NotRecorded where it has none."""
    try:
        process = subprocess.Popen(
            [binary, "record"] + arguments,
            env=_environment(tracking_uri),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except OSError as error:
        raise NotRecorded("%s cannot be started: %s" % (binary, error), INSTALL_HINT) from error
    with process:
        try:
            # Line by line and to sys.stderr, which a notebook shows. What comes on stdout is one short line.
            for line in process.stderr:
                say(line.decode("utf-8", "replace"))
            answer = process.stdout.read()
            code = process.wait()
        except BaseException:  # Ctrl-C: the binary got it as well, and closes the run
            _stop(process)
            raise
    verdict = _verdict(answer)
    if code not in (0, 1) or verdict is None:
        raise NotRecorded("%s record ended with exit code %d" % (binary, code), _VERSION_HINT if code == 2 else "")
    return verdict


def say(text):
    """Writes to standard error, if there is one."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except (AttributeError, OSError, ValueError):
        pass


def _environment(tracking_uri):
    """Returns the environment of the binary: this process's, with the store of the run and the MLflow of this Python."""
    env = dict(os.environ)
    # Both names: a setting of ours, or of a configuration file, would win over MLflow's variable.
    env["MLFLOW_TRACKING_URI"] = env["MLOPS_TRACKING_URI"] = tracking_uri
    if sys.executable:
        env["PATH"] = os.pathsep.join(filter(None, [os.path.dirname(sys.executable), env.get("PATH")]))
    return env


def _stop(process):
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        process.kill()


def _verdict(answer):
    try:
        found = json.loads(answer.decode("utf-8"))
    except ValueError:
        return None
    if not isinstance(found, dict) or found.get("status") not in STATUSES:
        return None
    return Verdict(found["status"], str(found.get("error_type") or ""), str(found.get("error_message") or ""))
