"""What the decorator raises outside a step."""


class MissingParams(ValueError):
    """Autolog captured no params of a training, and the result has none."""


class InvalidResult(ValueError):
    """The result holds something that cannot be logged."""


for _error in (MissingParams, InvalidResult):
    _error.__module__ = "mlops_track"  # where users find it
