"""Opens the store, as everything that uses MLflow does first."""
import mlflow

mlflow.MlflowClient().search_experiments()
