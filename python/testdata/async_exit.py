"""Ends with asynchronous values still queued."""
import mlflow

mlflow.start_run()
for i in range(30):
    mlflow.log_metric("loss", i, step=i, synchronous=False)
