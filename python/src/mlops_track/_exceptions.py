"""Says of an exception what a traceback says in its last line."""

from ._channel import emit

MESSAGE_LIMIT = 500  # characters, as of the tag mlops.error_message


def describe(error):
    """Returns the type as Python's traceback prints it ("ValueError", "mypkg.errors.Custom") and the message."""
    # papermill and nbconvert raise an exception of their own that carries the notebook's.
    name, message = getattr(error, "ename", None), getattr(error, "evalue", None)
    if not (isinstance(name, str) and isinstance(message, str)):
        kind = type(error)
        name = getattr(kind, "__qualname__", kind.__name__)
        if kind.__module__ not in ("builtins", "__main__"):
            name = "%s.%s" % (kind.__module__, name)
        try:
            message = str(error)
        except Exception:
            message = "<exception str() failed>"
    return name, message[:MESSAGE_LIMIT]


def note(error):
    """Emits the uncaught exception of the process."""
    if isinstance(error, (SystemExit, KeyboardInterrupt)):
        return
    name, message = describe(error)
    emit("exception", type=name, message=message)
