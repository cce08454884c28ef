"""Predict the progress of diabetes: CatBoost, for which MLflow has no autolog, on the diabetes data set."""

import json
import os

from catboost import CatBoostRegressor
from sklearn.datasets import load_diabetes
from sklearn.metrics import mean_absolute_error, r2_score
from sklearn.model_selection import train_test_split

data = load_diabetes()
X_train, X_test, y_train, y_test = train_test_split(data.data, data.target, test_size=0.25, random_state=7)

params = {"iterations": 120, "depth": 4, "learning_rate": 0.08, "l2_leaf_reg": 5, "random_seed": 7}
model = CatBoostRegressor(**params, verbose=40, allow_writing_files=False)
model.fit(X_train, y_train, eval_set=(X_test, y_test))
model.save_model("model.cbm")

# One metric at many steps: one line of JSON per step, written during the training or, as here, after it.
with open(os.environ.get("MLOPS_METRICS", "metrics.jsonl"), "a", encoding="utf-8") as metrics:
    for step, rmse in enumerate(model.evals_result_["validation"]["RMSE"]):
        metrics.write(json.dumps({"val_rmse": rmse, "step": step}) + "\n")

# Nothing is tracked automatically here: without "params" the run fails with MissingParams.
predicted = model.predict(X_test)
scores = {"mae": mean_absolute_error(y_test, predicted), "r2": r2_score(y_test, predicted)}
with open(os.environ.get("MLOPS_RESULT", "result.json"), "w", encoding="utf-8") as result:
    json.dump({"params": params, "metrics": scores, "artifacts": ["model.cbm"]}, result)

print(f"mean absolute error {scores['mae']:.2f}")
