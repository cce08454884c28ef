"""Runs a command until standard input ends, which it does with the test process, however that ends; then stops the
command with all its processes and removes a folder.

usage: supervise.py FOLDER COMMAND [ARG...]
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time

GRACE = 10  # seconds between SIGTERM and SIGKILL


def stop_with_input():
    sys.stdin.read()
    kill(signal.SIGTERM)
    time.sleep(GRACE)
    kill(signal.SIGKILL)


def kill(sig):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, sig)


signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the test process, and that ends us
child = subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL, start_new_session=True)
threading.Thread(target=stop_with_input, daemon=True).start()
child.wait()
kill(signal.SIGKILL)
shutil.rmtree(sys.argv[1], ignore_errors=True)
