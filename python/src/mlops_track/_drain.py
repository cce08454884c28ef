"""Saves the last asynchronous values (log_metric(..., synchronous=False)) at the end of a process.

MLflow 3 drains its queue in an atexit callback, but Python shuts thread pools down before those run, and what is still
queued is lost. The queue is therefore drained a step earlier, by MLflow's own function: threading's exit callbacks run last
to first, and the one of concurrent.futures was registered when MLflow imported it.
"""

import functools
import threading
import weakref


def apply(module):
    """Wraps AsyncLoggingQueue.activate. MLflow 2.9's queue has no such fault and would be cut short."""
    queue = module.AsyncLoggingQueue
    register = getattr(threading, "_register_atexit", None)  # Python 3.9 and later; 3.8 has the order right
    if register is None or not hasattr(queue, "shut_down_async_logging") or not hasattr(queue, "_at_exit_callback"):
        return
    activate = queue.activate
    seen = weakref.WeakSet()

    @functools.wraps(activate)
    def wrapper(self):
        activate(self)
        if self not in seen:
            seen.add(self)
            try:
                register(self._at_exit_callback)
            except RuntimeError:  # the interpreter is shutting down already
                pass

    queue.activate = wrapper
