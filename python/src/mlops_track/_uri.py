"""Tracking URIs that mean the same in every folder."""

import os
import pathlib
from urllib.parse import unquote, urlsplit

_WORDS = ("databricks", "databricks-uc", "uc")  # tracking URIs without a scheme


def absolute(uri):
    """Returns a tracking URI without what depends on the current folder. Those of servers stay as they are."""
    uri = os.fspath(uri)
    scheme = urlsplit(uri).scheme
    if scheme == "sqlite":
        return _absolute_sqlite(uri)
    if scheme == "file":
        location = urlsplit(uri)
        return uri if location.netloc or os.path.isabs(location.path) else _file(unquote(location.path))
    if len(scheme) <= 1 and "://" not in uri and uri not in _WORDS:  # a path, perhaps with the letter of a drive
        return _file(uri)
    return uri


def _absolute_sqlite(uri):
    head, slashes, rest = uri.partition(":///")
    path, mark, query = rest.partition("?")
    if not slashes or path in ("", ":memory:"):
        return uri
    return head + slashes + os.path.abspath(path) + mark + query


def _file(path):
    return pathlib.Path(os.path.abspath(path)).as_uri()
