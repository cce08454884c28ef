"""What a training script may say to mlops-track: its result, live metrics, and the decorator of a whole experiment.

The modules with a leading underscore are the hook's; they are no interface.
"""

from ._errors import InvalidResult, MissingParams
from ._experiment import mlflow_experiment
from ._result import log_metrics, result
from ._version import VERSION as __version__

__all__ = ["InvalidResult", "MissingParams", "__version__", "log_metrics", "mlflow_experiment", "result"]
