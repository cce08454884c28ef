"""Tell malignant from benign tumours: a scikit-learn pipeline on the breast cancer data set."""

import json
import os

from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import classification_report, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

data = load_breast_cancer(as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(
    data.data, data.target, test_size=0.25, stratify=data.target, random_state=7
)

# The parameters, the training metrics, the plots and the model are tracked by autolog.
model = make_pipeline(StandardScaler(), LogisticRegression(C=0.5, max_iter=500))
model.fit(X_train, y_train)

# The result file adds what autolog cannot know: the score on data the model has not seen, and a report.
test_auc = roc_auc_score(y_test, model.predict_proba(X_test)[:, 1])
with open("report.txt", "w", encoding="utf-8") as report:
    report.write(classification_report(y_test, model.predict(X_test), target_names=data.target_names))

with open(os.environ.get("MLOPS_RESULT", "result.json"), "w", encoding="utf-8") as result:
    json.dump({"metrics": {"test_auc": test_auc}, "artifacts": "report.txt"}, result)

print(f"test AUC {test_auc:.4f}")
