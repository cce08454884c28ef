"""Steers MLflow itself: other experiment, other store, threads, forks, children; ends with an exception of its own."""
import multiprocessing
import subprocess
import sys
import threading

import mlflow

import steer_errors


def log(key):
    mlflow.log_metric(key, 1)


def square(value):
    return value * value


if __name__ == "__main__":
    for _ in range(2):
        mlflow.set_experiment("elsewhere")
        mlflow.set_tracking_uri("sqlite:///elsewhere.db")
    mlflow.set_tracking_uri("sqlite:///mlflow.db")
    with mlflow.start_run() as run:
        mlflow.log_param("depth", 3)
        thread = threading.Thread(target=log, args=("thread",))
        thread.start()
        thread.join()
        fork = multiprocessing.get_context("fork").Process(target=log, args=("fork",))
        fork.start()
        fork.join()
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            assert pool.map(square, [2, 3]) == [4, 9]
        subprocess.run([sys.executable, "-c", "import mlflow; mlflow.log_metric('child', 1)"], check=True)
        mlflow.log_metric("rmse", 0.5)
    with mlflow.start_run():
        mlflow.log_metric("second", 1)
    print(run.info.run_id)
    raise steer_errors.Diverged("loss is nan")
