"""A lock file that one process holds at a time. The lock ends with its process, however that ends."""

import os
import time

try:
    import fcntl
except ImportError:
    fcntl = None
    try:
        import msvcrt
    except ImportError:  # neither Unix nor Windows
        msvcrt = None

_PAUSE = 0.01  # seconds between two tries


def take(path, patience):
    """Returns the descriptor of the locked file, None where it cannot be locked within some seconds."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        return None
    give_up = time.monotonic() + patience
    while True:
        try:
            _lock(fd)
            return fd
        except OSError:
            if time.monotonic() > give_up:
                os.close(fd)
                return None
            time.sleep(_PAUSE)


def release(fd):
    """Unlocks the file. Closing it is not enough: a child that was forked meanwhile has it open as well."""
    try:
        if fcntl is not None:
            fcntl.flock(fd, fcntl.LOCK_UN)
        elif msvcrt is not None:
            os.lseek(fd, 0, os.SEEK_SET)
            msvcrt.locking(fd, msvcrt.LK_UNLCK, 1)
    except OSError:
        pass
    os.close(fd)


def _lock(fd):
    if fcntl is not None:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    elif msvcrt is not None:
        os.lseek(fd, 0, os.SEEK_SET)
        msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
    else:
        raise OSError("no file locks on this system")
