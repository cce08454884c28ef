"""Tell malignant from benign tumours: gradient boosted trees on the breast cancer data set."""

import json
import os

import xgboost as xgb
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

data = load_breast_cancer()
X_train, X_val, y_train, y_val = train_test_split(
    data.data, data.target, test_size=0.25, stratify=data.target, random_state=7
)
names = [str(name) for name in data.feature_names]
train = xgb.DMatrix(X_train, label=y_train, feature_names=names)
val = xgb.DMatrix(X_val, label=y_val, feature_names=names)

# Autolog tracks the parameters, both metrics after each round, the feature importance and the model.
params = {"objective": "binary:logistic", "eval_metric": ["auc", "logloss"], "max_depth": 3, "eta": 0.1, "seed": 7}
booster = xgb.train(params, train, num_boost_round=60, evals=[(val, "val")], early_stopping_rounds=10, verbose_eval=20)

with open(os.environ.get("MLOPS_RESULT", "result.json"), "w", encoding="utf-8") as result:
    json.dump({"metrics": {"trees": booster.num_boosted_rounds()}}, result)

print(f"validation loss {booster.best_score:.4f} after {booster.best_iteration + 1} trees")
