"""Trains with four frameworks in one process, sklearn first, without a word about MLflow."""
import numpy as np
from sklearn.linear_model import LogisticRegression

X = np.random.default_rng(0).random((40, 3))
y = (X[:, 0] > 0.5).astype(int)
LogisticRegression(C=7.0).fit(X, y)
LogisticRegression(C=8.0).fit(X, y)

import xgboost

xgboost.train({"objective": "binary:logistic", "max_depth": 2}, xgboost.DMatrix(X, y), 3)

import lightgbm

lightgbm.train({"objective": "binary", "num_leaves": 5, "verbose": -1}, lightgbm.Dataset(X, y), 3)

import catboost

catboost.CatBoostClassifier(iterations=2, verbose=False, allow_writing_files=False).fit(X, y)
