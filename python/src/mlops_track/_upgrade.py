"""Brings the embedded store to the schema of the installed MLflow, whole or not at all.

MLflow migrates a file in many transactions. One that is interrupted, by Ctrl-C in the first seconds of a training, leaves
a file that no MLflow opens again ("table ... already exists"). So MLflow migrates a copy here, whose content then goes
into the file in a single transaction of SQLite (https://www.sqlite.org/backup.html).
"""

import contextlib
import glob
import os
import sqlite3

_BUSY = 20  # seconds to wait for other writers, as MLflow does


def upgrade(uri):
    """Upgrades the file that a URI names, if it has an older schema. Without the lock of the store nobody may call it."""
    import sqlalchemy
    from mlflow.store.db import utils

    path = sqlalchemy.engine.make_url(uri).database
    if not path or not os.path.exists(path):
        return
    for stale in glob.glob(glob.escape(path) + ".upgrade-*"):  # of a process that was killed
        os.remove(stale)
    with contextlib.closing(sqlite3.connect(path, timeout=_BUSY, isolation_level=None)) as live:
        if _revision(live) in (None, utils._get_latest_schema_revision()):
            return
        # In this mode a lock outlasts its transaction: until the end others can read, and writers wait.
        live.execute("PRAGMA locking_mode = EXCLUSIVE")
        live.execute("BEGIN IMMEDIATE")
        live.execute("ROLLBACK")
        copy = "%s.upgrade-%d" % (path, os.getpid())
        try:
            with contextlib.closing(sqlite3.connect(path, timeout=_BUSY)) as source:
                with contextlib.closing(sqlite3.connect(copy)) as to:
                    source.backup(to)
            engine = sqlalchemy.create_engine("sqlite:///" + copy)
            utils._upgrade_db(engine)
            engine.dispose()
            with contextlib.closing(sqlite3.connect(copy)) as source:
                source.backup(live)
        finally:
            for leftover in glob.glob(glob.escape(copy) + "*"):
                os.remove(leftover)


def _revision(connection):
    """Returns the schema that a file has, None for one without MLflow's tables."""
    try:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.OperationalError:
        return None
    return row and row[0]
