"""The image of the action: how large it is, how soon a training runs in it, and what the action adds to a job."""
import json
import os
import shutil
import statistics
import subprocess
import tempfile
import time

from measure import CLEAN, row

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
JOB = "mlops-track-test/job:2"

WORKFLOW = """
on: push
jobs:
  bench:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - name: action
        uses: ./action
        with:
          run: "true"
      - name: step
        run: "true"
"""


class Docker:
    """An engine, held as long as this lives. Reason says why there is none."""

    def __init__(self):
        self.hold = subprocess.Popen([os.path.join(ROOT, "scripts", "with-docker"), "sh", "-c", 'echo "$PATH"; echo "$DOCKER_HOST"; exec cat'],
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        path, host = self.hold.stdout.readline().strip(), self.hold.stdout.readline().strip()
        self.reason = "" if path else self.hold.stderr.read().strip()
        self.env = {**CLEAN, "PATH": path, "DOCKER_BUILDKIT": "1", **({"DOCKER_HOST": host} if host else {})}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.hold.stdin.close()
        self.hold.wait()

    def __call__(self, *args, **kwargs):
        return subprocess.run(["docker", *args], env=self.env, check=True, capture_output=True, text=True, **kwargs).stdout.strip()

    def build(self, target):
        """Returns the name of an image of the Dockerfile, and its size in MB."""
        name = "mlops-track-test/bench-" + target
        self("build", "--quiet", "--network", "host", "--target", target, "--tag", name, ROOT)
        return name, self.size(name)

    def size(self, image):
        return int(self("image", "inspect", "--format", "{{.Size}}", image)) / 1e6


def bench_image(folder):
    with Docker() as docker:
        if docker.reason:
            row("image", "", "", "", "left out: " + docker.reason)
            return
        (image, size), (_, scratch), base = docker.build("image"), docker.build("scratch"), docker.size("debian:bookworm-slim")
        row("image: size", f"{size:.0f} MB, scratch {scratch:.0f} MB", f"{base:.0f} MB", f"{size / base:.1f} : 1", "peer: its base, debian:bookworm-slim")
        pairs = [(first_line(docker, image, "mlops-track", "run", "--"), first_line(docker, image)) for _ in range(15)]
        ours, plain, more = (statistics.median(column) * 1000 for column in zip(*((a, b, a - b) for a, b in pairs)))
        row("container start to the training's first line", f"{ours:.0f} ms", f"{plain:.0f} ms", f"{more:+.0f} ms",
            "`python` that prints; peer: the same container without `mlops-track run --`; median of 15 pairs")
        action, step = steps_of_act(docker, image, folder)
        row("the whole action around `true`, under act", f"{action:.2f} s", f"{step:.2f} s", f"{action - step:+.2f} s",
            "peer: a step `run: true`; act builds the action's image each time, from its cache; median of 5")


def first_line(docker, image, *wrap):
    start = time.perf_counter()
    with subprocess.Popen(["docker", "run", "--rm", "--network", "host", image, *wrap, "python", "-c", "print('first line', flush=True)"],
                          env=docker.env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as p:
        assert p.stdout.readline() == "first line\n"
        return time.perf_counter() - start


def steps_of_act(docker, image, folder):
    """Returns the seconds of a step with the action and of one without, as act tells them."""
    act = os.path.join(os.environ.get("MLOPS_TEST_CACHE") or os.path.expanduser("~/.cache/mlops-track"), "tools", "act")
    os.makedirs(os.path.join(folder, ".github", "workflows"))
    os.makedirs(os.path.join(folder, "action"))
    shutil.copy(os.path.join(ROOT, "action.yml"), os.path.join(folder, "action"))
    for name, text in {"action/Dockerfile": f"FROM {image}\n", ".github/workflows/bench.yml": WORKFLOW}.items():
        with open(os.path.join(folder, name), "w") as f:
            f.write(text)
    git = ["git", "-C", folder, "-c", "user.name=b", "-c", "user.email=b@example.com"]
    for args in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "one"], ["remote", "add", "origin", "https://github.com/acme/bench.git"]):
        subprocess.check_call(git + args)
    took = {"action": [], "step": []}
    with tempfile.TemporaryDirectory() as home:
        for _ in range(5):
            log = subprocess.run([act, "push", "--platform", "ubuntu-latest=" + JOB, "--pull=false", "--rm", "--json", "--no-cache-server", "--network", "host"],
                                 cwd=folder, env={**docker.env, "HOME": home}, check=True, capture_output=True, text=True).stdout
            for line in map(json.loads, filter(lambda l: l.startswith("{"), log.splitlines())):
                if line.get("stage") == "Main" and line.get("step") in took and "executionTime" in line:
                    took[line["step"]].append(line["executionTime"] / 1e9)
    return [sorted(took[name])[2] for name in ("action", "step")]
