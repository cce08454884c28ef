"""A role's credentials: how soon they are there, and how many can ask for them. STS is a stand-in that answers at once."""
import base64
import json
import os
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aws import AWS_PYTHON
from measure import BINARY, CLEAN, measure, median, row

ROLE = "arn:aws:iam::123456789012:role/train"

ANSWER = """<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult>
<Credentials><AccessKeyId>ASIABENCH0000000000A</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken>
<Expiration>%s</Expiration></Credentials><AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/train/bench</Arn>
<AssumedRoleId>AROABENCH:bench</AssumedRoleId></AssumedRoleUser></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"""

BOTO3 = """
import os, boto3
boto3.client("s3")
sts = boto3.client("sts", endpoint_url=os.environ["AWS_ENDPOINT_URL_STS"])
sts.assume_role_with_web_identity(RoleArn=os.environ["ROLE"], RoleSessionName="bench", WebIdentityToken=open("token").read())
"""

# The step asks the endpoint on 8 connections for 5 seconds.
ASK = """
import http.client, os, threading, time, urllib.parse
url = urllib.parse.urlsplit(os.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"])
token = open(os.environ["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"]).read()
counts = []
def ask(end):
    c, n = http.client.HTTPConnection(url.netloc), 0
    while time.time() < end:
        c.request("GET", url.path, headers={"Authorization": token})
        answer = c.getresponse()
        answer.read()
        assert answer.status == 200
        n += 1
    counts.append(n)
threads = [threading.Thread(target=ask, args=(time.time() + 5,)) for _ in range(8)]
[t.start() for t in threads]
[t.join() for t in threads]
print(sum(counts) / 5)
"""


class STS(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        body = (ANSWER % time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def bench_role(folder):
    """From the start of the program to the credentials, and requests a second at the endpoint."""
    sts = ThreadingHTTPServer(("127.0.0.1", 0), STS)
    threading.Thread(target=sts.serve_forever, daemon=True).start()
    now = int(time.time())
    parts = ({"alg": "RS256"}, {"iss": "https://bench", "sub": "bench", "aud": "sts.amazonaws.com", "iat": now, "exp": now + 3600}, {})
    with open(os.path.join(folder, "token"), "w") as f:
        f.write(".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts))
    env = {"AWS_ENDPOINT_URL_STS": f"http://127.0.0.1:{sts.server_port}", "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1", "ROLE": ROLE}
    role = [BINARY, "run", "--role-to-assume", ROLE, "--web-identity-token-file", "token", "--"]
    measure(role + ["true"], folder, env)
    times = [[], [], []]
    for _ in range(15):
        for into, args in zip(times, ([BINARY, "run", "--", "true"], role + ["true"], [AWS_PYTHON, "-c", BOTO3])):
            into.append(measure(args, folder, env)[0])
    without, with_role, boto3 = [value[0] * 1000 for value in (median([[t] for t in column]) for column in times)]
    row("from start to a role's credentials", f"{with_role - without:.1f} ms more", f"{boto3:.0f} ms", f"1 : {boto3 / (with_role - without):.0f}",
        "`run` with a role against `run` without; peer: boto3, from its start")
    out = subprocess.run(role + [sys.executable, "-c", ASK], cwd=folder, env={**CLEAN, **env}, capture_output=True, text=True, check=True)
    row("the credentials endpoint", f"{float(out.stdout):.0f} requests/s", "", "", "asked by Python on 8 connections, which is the limit here; aim: 500")
    sts.shutdown()
