# Stands for `mlops-track record` in the tests: takes the same command line, checks what it is given, notes the call beside
# itself, and does to the store what the binary does last: it writes tags and the final status of the run.
import argparse
import json
import os
import pathlib
import sqlite3
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
STATUS = {"finished": "FINISHED", "failed": "FAILED", "killed": "KILLED"}


def read(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return None


def parse():
    parser = argparse.ArgumentParser(prog="mlops-track")
    record = parser.add_subparsers(dest="command", required=True).add_parser("record")
    for name in ("--run-id", "--result-file", "--hook-dir"):
        record.add_argument(name, required=True)
    record.add_argument("--ended", choices=sorted(STATUS), required=True)
    return parser.parse_args()


def close(run_id, verdict):
    """Closes the run in the SQLite file that the environment names. Only an absolute path is right in every folder."""
    path = os.environ["MLFLOW_TRACKING_URI"][len("sqlite:///") :]
    if not os.path.isabs(path) or not os.path.exists(path):
        sys.exit("mlops-track: error: no store at %r" % path)
    store = sqlite3.connect(path, timeout=10)
    with store:
        closed = (verdict["status"], int(time.time() * 1000), run_id)
        changed = store.execute("UPDATE runs SET status = ?, end_time = ? WHERE run_uuid = ?", closed)
        if changed.rowcount != 1:
            sys.exit("mlops-track: error: no run %r" % run_id)
        store.execute("INSERT INTO tags (key, value, run_uuid) VALUES ('mlops.status', ?, ?)", (verdict["status"], run_id))
    store.close()


def main():
    args = parse()
    answer = json.loads(read(HERE / "answer.json") or "{}")
    result, events = read(args.result_file), read(os.path.join(args.hook_dir, "events.jsonl"))
    call = {
        "argv": sys.argv[1:],
        "run_id": args.run_id,
        "ended": args.ended,
        "result": result and json.loads(result),
        "events": [json.loads(line) for line in (events or "").splitlines()],
        "cwd": os.getcwd(),
        "path": os.environ["PATH"],
        "uris": [os.environ.get("MLFLOW_TRACKING_URI"), os.environ.get("MLOPS_TRACKING_URI")],
    }
    with open(HERE / "calls.jsonl", "a", encoding="ascii") as file:
        file.write(json.dumps(call) + "\n")
    if answer.get("silent"):
        return answer["code"]
    for warning in answer.get("warnings", []):
        print("mlops-track: warning: " + warning, file=sys.stderr)
    error_type, message = answer.get("error_type", ""), answer.get("error_message", "")
    raised = [event for event in call["events"] if event["event"] == "exception"]
    status = STATUS[args.ended]
    if error_type:
        status = "FAILED"
        print("mlops-track: error: " + message, file=sys.stderr)
    elif raised:
        error_type, message = raised[-1]["type"], raised[-1]["message"]
    verdict = {"status": status, "error_type": error_type, "error_message": message}
    close(args.run_id, verdict)
    print(json.dumps(verdict))
    return 1 if answer.get("error_type") else 0


sys.exit(main())
