"""Prints what mlops-track costs beside MLflow's Python client and beside the physical limit, all in one run.

usage: bench.py MLOPS_TRACK_BINARY [only ...]     (python: one that has mlflow and scikit-learn)

Every line is a ratio of medians; absolute figures are beside it. Machines differ, ratios travel better.
"""
import http.client
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aws import bench_s3, bench_s3_far
from image import bench_image
from report import bench_report
from role import bench_role
from measure import BINARY, CLEAN, ONLY, PYTHON, Server, measure, median, row, size_of


class Counter:
    """A proxy that counts requests by path on their way to a server."""

    def __init__(self, server):
        self.counts = counts = {}

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def forward(self):
                name = self.path.split("?")[0].rsplit("/mlflow/", 1)[-1]
                counts[name] = counts.get(name, 0) + 1
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                up = http.client.HTTPConnection("127.0.0.1", server.port)
                up.request(self.command, self.path, body, {"Content-Type": "application/json"})
                answer = up.getresponse()
                data = answer.read()
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.getheader("Content-Type", "application/json"))
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PUT = do_PATCH = forward

            def log_message(self, *args):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()


def bench_true(folder):
    """Wrapping `true` with the embedded store."""
    measure([BINARY, "run", "--", "true"], folder)  # makes the store
    bare, wrapped = [], []
    for _ in range(31):
        bare.append(measure(["true"], folder))
        wrapped.append(measure([BINARY, "run", "--", "true"], folder))
    client = ("import mlflow, subprocess\nmlflow.set_tracking_uri('sqlite:///peer.db')\n"
              "with mlflow.start_run():\n    subprocess.run(['true'], check=True)\n")
    measure([PYTHON, "-c", client], folder)
    peer = median([measure([PYTHON, "-c", client], folder) for _ in range(5)])
    bare, wrapped = median(bare), median(wrapped)
    over = (wrapped[0] - bare[0]) * 1000
    row("wrap `true`, embedded store: time over `true`", f"{over:.1f} ms", f"{(peer[0] - bare[0]) * 1000:.0f} ms",
        f"1 : {(peer[0] - bare[0]) * 1000 / over:.0f}", "aim: under 30 ms")
    row("the same: peak memory", f"{wrapped[2]:.1f} MB", f"{peer[2]:.0f} MB", f"1 : {peer[2] / wrapped[2]:.0f}", "aim: under 30 MB")


def bench_hook(folder):
    """What the hook adds to a Python start."""
    path = subprocess.check_output([BINARY, "python-path"], env=CLEAN, text=True).strip()
    state = os.path.join(folder, "hook")
    os.makedirs(state, exist_ok=True)
    with open(os.path.join(state, "hook.json"), "w") as f:
        json.dump({"autolog": True, "autolog_config": {}, "run_id": "r", "experiment_id": "0", "tracking_uri": "", "store_lock": ""}, f)
    plain, hooked = [], []
    env = {"PYTHONPATH": path, "MLOPS_HOOK": state}
    for i in range(42):
        a, b = measure([PYTHON, "-c", "pass"], folder), measure([PYTHON, "-c", "pass"], folder, env)
        if i > 1:
            plain.append(a)
            hooked.append(b)
    plain, hooked = median(plain), median(hooked)
    row("hook: added to `python -c pass`", f"{(hooked[0] - plain[0]) * 1000:.1f} ms", f"{plain[0] * 1000:.1f} ms alone",
        f"{hooked[0] / plain[0]:.2f} : 1", "aim: under 10 ms")


TRAIN = """
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import GradientBoostingClassifier
X, y = load_breast_cancer(return_X_y=True)
GradientBoostingClassifier(n_estimators=400).fit(X, y)
"""


def bench_training(folder):
    """A training script under the hook against the same script that calls mlflow.autolog() itself."""
    server = Server(folder)
    try:
        env = {"MLFLOW_TRACKING_URI": server.url}
        own = "import mlflow\nmlflow.autolog(silent=True)\n" + TRAIN
        for name, text in (("own.py", own), ("plain.py", TRAIN)):
            with open(os.path.join(folder, name), "w") as f:
                f.write(text)
        ours, peer = [], []
        for i in range(12):  # in pairs that swap places, as the machine gets faster and slower; the first two warm up
            pair = [(ours, [BINARY, "run", "--", PYTHON, "plain.py"]), (peer, [PYTHON, "own.py"])]
            for into, args in pair if i % 2 else reversed(pair):
                into.append(measure(args, folder, env))
        wall = statistics.median(a[0] / b[0] for a, b in zip(ours[2:], peer[2:]))
        cpu = statistics.median(a[1] / b[1] for a, b in zip(ours[2:], peer[2:]))
        row("training with the hook, whole command", f"{median(ours[2:])[0]:.2f} s", f"{median(peer[2:])[0]:.2f} s", f"{wall:.3f} : 1",
            f"CPU {cpu:.3f} : 1; median of 10 pairs; peer: the script calls mlflow.autolog(); aim: within 2 %")
    finally:
        server.stop()


def bench_batches(folder):
    """Requests for a large result."""
    server = Server(folder)
    try:
        counter = Counter(server)
        with open(os.path.join(folder, "big.py"), "w") as f:
            f.write("import json, os\njson.dump({'metrics': {f'm{i}': i for i in range(1500)}, 'params': {f'p{i}': i for i in range(250)}},"
                    " open(os.environ['MLOPS_RESULT'], 'w'))\n")
        measure([BINARY, "run", "--autolog=false", "--", PYTHON, "big.py"], folder, {"MLFLOW_TRACKING_URI": counter.url})
        n = counter.counts.get("runs/log-batch", 0)
        row("result of 1,500 metrics and 250 params", f"{n} log-batch", "1,750 log-metric and log-param", f"1 : {1750 / n:.0f}", "aim: 3")
    finally:
        server.stop()


LINES = 100_000


def bench_metrics(folder):
    """A metrics file of 100,000 lines against full log-batch requests back to back."""
    server = Server(folder)
    try:
        with open(os.path.join(folder, "live.py"), "w") as f:
            f.write("import os\nwith open(os.environ['MLOPS_METRICS'], 'w') as f:\n"
                    f"    for i in range({LINES}):\n        f.write('{{\"loss\": %r, \"step\": %d}}\\n' % (1 / (i + 1), i))\n".replace("{{", "{").replace("}}", "}"))
        ours, peer = [], []
        for _ in range(3):
            exp = server.get("experiments/get-by-name?experiment_name=Default")["experiment"]["experiment_id"]
            run = server.post("runs/create", {"experiment_id": exp, "start_time": int(time.time() * 1000)})["run"]["info"]["run_id"]
            conn = http.client.HTTPConnection("127.0.0.1", server.port)
            start = time.perf_counter()
            for first in range(0, LINES, 1000):
                body = {"run_id": run, "metrics": [{"key": "loss", "value": 1 / (i + 1), "timestamp": 1_700_000_000_000 + i, "step": i}
                                                   for i in range(first, first + 1000)]}
                conn.request("POST", "/api/2.0/mlflow/runs/log-batch", json.dumps(body), {"Content-Type": "application/json"})
                answer = conn.getresponse()
                answer.read()
                assert answer.status == 200, answer.status
            peer.append(LINES / (time.perf_counter() - start))
            wall = measure([BINARY, "run", "--autolog=false", "--", PYTHON, "live.py"], folder, {"MLFLOW_TRACKING_URI": server.url})[0]
            ours.append(LINES / wall)
        ours, peer = statistics.median(ours), statistics.median(peer)
        row("100,000 lines of the metrics file, start to exit", f"{ours:.0f} points/s", f"{peer:.0f} points/s", f"{ours / peer:.2f} : 1",
            "peer: full log-batch requests back to back; aim: at least 0.70")
    finally:
        server.stop()


def bench_artifacts(folder):
    """Uploads through mlflow-artifacts."""
    server = Server(folder)
    try:
        env = {"MLFLOW_TRACKING_URI": server.url, "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false"}
        many = os.path.join(folder, "many")
        os.makedirs(many)
        for i in range(2000):
            with open(os.path.join(many, f"f{i:04}.bin"), "wb") as f:
                f.write(os.urandom(4096))
        big = os.path.join(folder, "big")
        os.makedirs(big)
        subprocess.check_call(["truncate", "-s", "1G", os.path.join(big, "model.bin")])
        client = ("import mlflow, sys\nfrom mlflow import MlflowClient\nc = MlflowClient()\n"
                  "r = c.create_run('0').info.run_id\nc.log_artifacts(r, sys.argv[1])\n")
        idle = measure([PYTHON, "-c", "import mlflow; from mlflow import MlflowClient; MlflowClient().create_run('0')"], folder, env)
        served = os.path.join(folder, "served")
        put = ("import http.client, sys\nc = http.client.HTTPConnection('127.0.0.1', int(sys.argv[1]), blocksize=1 << 18)\n"
               "c.request('PUT', '/api/2.0/mlflow-artifacts/artifacts/bare/model.bin', open(sys.argv[2], 'rb'))\n"
               "assert c.getresponse().status == 200\n")
        for what, source in (("2,000 files of 4 KB", many), ("one file of 1 GB", big)):
            commands = [[BINARY, "run", "--autolog=false", "--artifacts", source + "/*", "--", "true"], [PYTHON, "-c", client, source]]
            if source == big:  # the limit: nothing but the request
                commands.append([PYTHON, "-c", put, str(server.port), os.path.join(big, "model.bin")])
            times = [[] for _ in commands]
            for _ in range(5):
                for into, args in zip(times, commands):
                    into.append(measure(args, folder, env))
                    if size_of(served) != size_of(source):
                        sys.exit(f"{args[0]} uploaded {size_of(served)} of {size_of(source)} files and bytes")
                    shutil.rmtree(served)
            ours, peer, *limit = [median(t) for t in times]
            note = f"the client's own start is {idle[0]:.2f} s of its time: without it 1 : {(peer[0] - idle[0]) / ours[0]:.2f}"
            if limit:
                note += f"; a bare PUT takes {limit[0][0]:.2f} s, no more is possible"
            row(f"{what} through mlflow-artifacts", f"{ours[0]:.2f} s, {ours[2]:.0f} MB", f"{peer[0]:.2f} s, {peer[2]:.0f} MB",
                f"1 : {peer[0] / ours[0]:.2f}", note)
    finally:
        server.stop()


def main():
    version = subprocess.check_output([PYTHON, "-c", "import mlflow; print(mlflow.__version__)"], env=CLEAN, text=True).strip()
    print(f"MLflow {version}, Python {sys.version.split()[0]}, {os.cpu_count()} cores\n")
    print("| what | mlops-track | peer | ratio | |\n| --- | --- | --- | --- | --- |", flush=True)
    for bench in (bench_true, bench_hook, bench_training, bench_batches, bench_metrics, bench_artifacts, bench_role, bench_s3, bench_s3_far, bench_image, bench_report):
        if not ONLY or bench.__name__.removeprefix("bench_") in ONLY:
            with tempfile.TemporaryDirectory() as folder:
                bench(folder)


main()
