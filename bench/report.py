"""What the report of a large run costs."""
import os
import subprocess

from measure import measure, median, row

HERE = os.path.dirname(os.path.abspath(__file__))


def bench_report(folder):
    """The report of 10,000 metrics of 1,000 points each."""
    program = os.path.join(folder, "report")
    subprocess.check_call(["go", "build", "-o", program, os.path.join(HERE, "report.go")], cwd=os.path.dirname(HERE))
    wall, _, memory = median([measure([program], folder) for _ in range(5)])
    row("report of 10,000 metrics with 1,000 points each", f"{wall:.2f} s, {memory:.0f} MB", "", "",
        "points to page, comment and file, whole process; aim: under 1 s and 100 MB")
