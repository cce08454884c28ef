"""xgboost imports sklearn while it loads."""
import xgboost
import numpy as np

X = np.random.default_rng(0).random((40, 3))
xgboost.train({"max_depth": 2}, xgboost.DMatrix(X, X[:, 0]), 3)
