"""mlflow.sklearn imports sklearn while it loads."""
import mlflow.sklearn
import numpy as np
from sklearn.linear_model import LinearRegression

X = np.random.default_rng(0).random((40, 3))
LinearRegression().fit(X, X[:, 0])
