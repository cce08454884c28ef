"""What the lines of the table share: a command is measured, a real server is there, a line is printed."""
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.request

BINARY = os.path.abspath(sys.argv[1])
ONLY = set(sys.argv[2:])
PYTHON = sys.executable
CLEAN = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW_", "MLOPS_", "GITHUB_", "CI_", "INPUT_", "AWS_"))}
CLEAN.update(MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false", GIT_PYTHON_REFRESH="quiet", PATH=os.path.dirname(PYTHON) + ":" + os.environ["PATH"])


def measure(args, cwd, env=None, check=True):
    """Runs a command; returns wall seconds, CPU seconds and peak memory in MB of the process itself."""
    start = time.perf_counter()
    p = subprocess.Popen(args, cwd=cwd, env={**CLEAN, **(env or {})}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    err = p.stderr.read()
    _, status, usage = os.wait4(p.pid, 0)  # with the children it waited for
    wall = time.perf_counter() - start
    p.returncode = os.waitstatus_to_exitcode(status)
    if check and p.returncode != 0:
        sys.exit(f"{args} ended with {p.returncode}:\n{err.decode(errors='replace')}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def size_of(folder):
    """Returns how many files a folder has in all its depth, and their bytes."""
    sizes = [os.path.getsize(os.path.join(at, name)) for at, _, names in os.walk(folder) for name in names]
    return len(sizes), sum(sizes)


def median(rows):
    return [statistics.median(column) for column in zip(*rows)]


def row(what, ours, peer, ratio, note=""):
    print(f"| {what} | {ours} | {peer} | {ratio} | {note} |", flush=True)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """A real mlflow server with one worker on a free port of this machine."""

    def __init__(self, folder):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = subprocess.Popen(
            [PYTHON, "-m", "mlflow", "server", "--workers", "1", "--host", "127.0.0.1", "--port", str(self.port),
             "--backend-store-uri", "sqlite:///server.db", "--artifacts-destination", os.path.join(folder, "served")],
            cwd=folder, env=CLEAN, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        for _ in range(600):
            try:
                urllib.request.urlopen(self.url + "/health", timeout=1)
                return
            except OSError:
                time.sleep(0.2)
        sys.exit("the mlflow server did not start")

    def stop(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def post(self, path, body):
        request = urllib.request.Request(f"{self.url}/api/2.0/mlflow/{path}", json.dumps(body).encode(),
                                         {"Content-Type": "application/json"})
        return json.load(urllib.request.urlopen(request))

    def get(self, path):
        return json.load(urllib.request.urlopen(f"{self.url}/api/2.0/mlflow/{path}"))
