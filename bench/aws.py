"""Uploads straight to a bucket, beside MLflow's client and boto3. The bucket is one of versitygw on this machine."""
import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request

from measure import BINARY, CLEAN, PYTHON, Server, free_port, measure, median, row, size_of

CACHE = os.path.dirname(os.path.dirname(os.path.dirname(PYTHON)))
TOOLS = os.path.join(CACHE, "tools")
AWS_PYTHON = os.path.join(CACHE, "aws3/bin/python")  # with boto3
KEYS = {"AWS_ACCESS_KEY_ID": "benchkey", "AWS_SECRET_ACCESS_KEY": "benchsecret", "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}

MLFLOW = """
import sys
from mlflow import MlflowClient
c = MlflowClient()
run = c.create_run(c.get_experiment_by_name("s3").experiment_id).info.run_id
c.log_artifacts(run, sys.argv[1])
"""

BOTO3 = """
import os, sys, uuid
from concurrent.futures import ThreadPoolExecutor
import boto3
s3 = boto3.client("s3", endpoint_url=os.environ["MLFLOW_S3_ENDPOINT_URL"])
prefix = f"7/{uuid.uuid4().hex}/artifacts/"
def put(name):
    s3.upload_file(os.path.join(sys.argv[1], name), "bench", prefix + name)
with ThreadPoolExecutor(int(sys.argv[2])) as pool:
    list(pool.map(put, os.listdir(sys.argv[1])))
"""


@contextlib.contextmanager
def running(args, health, **more):
    """A program of the cache, from when it answers to the end of the block."""
    process = subprocess.Popen(args, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more)
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(health, timeout=1)
                break
            except OSError:
                time.sleep(0.1)
        else:
            sys.exit(f"{args[0]} did not start")
        yield
    finally:
        process.kill()
        process.wait()


def versitygw(folder):
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    bucket = os.path.join(folder, "s3/bench")
    os.makedirs(bucket)
    args = [os.path.join(TOOLS, "versitygw"), "--port", f"127.0.0.1:{port}", "--access", KEYS["AWS_ACCESS_KEY_ID"], "--secret",
            KEYS["AWS_SECRET_ACCESS_KEY"], "--keep-alive", "--quiet", "--health", "/healthz", "posix", os.path.dirname(bucket)]
    return url, bucket, running(args, url + "/healthz")


@contextlib.contextmanager
def far(url, latency):
    """A way to a server on which every answer takes some milliseconds more."""
    api, listen = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"

    def post(path, body):
        urllib.request.urlopen(urllib.request.Request(f"http://{api}/{path}", json.dumps(body).encode()))

    args = [os.path.join(TOOLS, "toxiproxy"), "-host", "127.0.0.1", "-port", api.split(":")[1]]
    with running(args, f"http://{api}/version"):
        post("proxies", {"name": "far", "listen": listen, "upstream": url.removeprefix("http://"), "enabled": True})
        post("proxies/far/toxics", {"type": "latency", "attributes": {"latency": latency}})
        yield f"http://{listen}"


def compare(folder, endpoint, bucket, rounds, sources, where):
    """Uploads each source with every client in turn, and prints a line a source."""
    server = Server(folder)
    try:
        server.post("experiments/create", {"name": "s3", "artifact_location": "s3://bench/7"})
        env = {**KEYS, "MLFLOW_TRACKING_URI": server.url, "MLFLOW_S3_ENDPOINT_URL": endpoint}
        for what, source, aim, ratio in sources:
            commands = [
                [BINARY, "run", "--autolog=false", "--experiment", "s3", "--artifacts", source + "/*", "--", "true"],
                [AWS_PYTHON, "-c", MLFLOW, source], [AWS_PYTHON, "-c", BOTO3, source, "1"], [AWS_PYTHON, "-c", BOTO3, source, "8"],
            ]
            times = [[] for _ in commands]
            for _ in range(rounds):
                for into, args in zip(times, commands):
                    into.append(measure(args, folder, env))
                    uploaded(bucket, source, args)
            ours, mlflow, boto3, threads = [median(t) for t in times]
            row(f"{what} to S3{where}", told(ours), told(mlflow), f"1 : {mlflow[0] / ours[0]:.{ratio}f}",
                f"boto3 {told(boto3)}, 1 : {boto3[0] / ours[0]:.{ratio}f}; with 8 threads {told(threads)}, 1 : {threads[0] / ours[0]:.{ratio}f}; {aim}")
    finally:
        server.stop()


def told(times):
    wall, cpu, memory = times
    return f"{wall:.2f} s, {cpu:.2f} s CPU, {memory:.0f} MB"


def uploaded(bucket, source, args):
    """Checks what one client left in the bucket, and empties it."""
    runs = os.path.join(bucket, "7")
    folders = [os.path.join(runs, run, "artifacts") for run in os.listdir(runs)]
    for folder in folders:
        shutil.rmtree(os.path.join(folder, "mlops-track"), ignore_errors=True)  # our manifest
    if len(folders) != 1 or size_of(folders[0]) != size_of(source):
        sys.exit(f"{args[0]} uploaded {[size_of(f) for f in folders]}, not {size_of(source)} files and bytes")
    shutil.rmtree(runs)


def many_files(folder):
    many = os.path.join(folder, "many")
    os.makedirs(many)
    for i in range(2000):
        with open(os.path.join(many, f"f{i:04}.bin"), "wb") as f:
            f.write(os.urandom(20_000))
    return many


def large_file(folder):
    large = os.path.join(folder, "large")
    os.makedirs(large)
    subprocess.check_call(["truncate", "-s", "1G", os.path.join(large, "model.bin")])
    return large


def bench_s3(folder):
    """Uploads to a bucket on this machine."""
    url, bucket, gateway = versitygw(folder)
    with gateway:
        compare(folder, url, bucket, 3, [
            ("2,000 files of 20 KB", many_files(folder), "aim: 1 : 3", 1),
            ("one file of 1 GiB", large_file(folder), "equal: nobody is faster than the disk and the network", 2),
        ], "")


def bench_s3_far(folder):
    """The same where every answer takes 30 ms more."""
    url, bucket, gateway = versitygw(folder)
    with gateway, far(url, 30) as endpoint:
        compare(folder, endpoint, bucket, 1, [
            ("2,000 files of 20 KB", many_files(folder), "aim: 1 : 20", 0),
            ("one file of 1 GiB", large_file(folder), "equal", 2),
        ], ", 30 ms away")
