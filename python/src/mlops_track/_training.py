"""Sees training calls: those that MLflow's autologging has patched, and those that _catboost wraps."""

_observers = []
_listening = False


def observe(observer):
    """Adds a function that is called with the framework and the name of each training call."""
    _observers.append(observer)


def seen(framework, call):
    """Tells the observers of a training call."""
    for observer in _observers:
        observer(framework, call)


def listen():
    """Sees the training calls that MLflow patched. Where its logger of such events is gone, none are seen."""
    global _listening
    if _listening:
        return
    _listening = True
    try:
        from mlflow.utils.autologging_utils.events import AutologgingEventLogger

        logger = AutologgingEventLogger.get_logger()
        started = logger.log_patch_function_start

        def log_patch_function_start(session, patch_obj, function_name, *args, **kwargs):
            if function_name.startswith("fit") or function_name in ("train", "cv"):
                seen(session.integration, function_name)
            return started(session, patch_obj, function_name, *args, **kwargs)

        logger.log_patch_function_start = log_patch_function_start
        AutologgingEventLogger.set_logger(logger)
    except (ImportError, AttributeError):
        pass
