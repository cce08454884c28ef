"""Trains in workers of every kind, which stay out, and then in this process, which is captured."""
import multiprocessing
import subprocess
import sys

import numpy as np
from joblib import Parallel, delayed
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import cross_val_score

X = np.random.default_rng(0).random((40, 3))
y = (X[:, 0] > 0.5).astype(int)


def fit(_=None):
    cross_val_score(LinearRegression(), X, y, cv=2)  # MLflow switches autologging off and on for it
    LinearRegression().fit(X, y)


if __name__ == "__main__":
    fork = multiprocessing.get_context("fork").Process(target=fit)
    fork.start()
    fork.join()
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        pool.map(fit, [0])
    Parallel(n_jobs=2)(delayed(fit)(i) for i in range(2))
    subprocess.run([sys.executable, "-c", "import sklearn.linear_model as m; m.LinearRegression().fit([[1], [2]], [1, 2])"],
                   check=True)
    LogisticRegression(C=7.0).fit(X, y)
