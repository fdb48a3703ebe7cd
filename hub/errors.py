"""What can go wrong in the hub, one leaf for each thing that a caller can do about it."""


class HubError(Exception):
    """Root of the hub's own errors."""


class CursorMoved(HubError):
    """Another process moved this reader's cursor: two hubs run on one data folder."""

    def __init__(self, reader: str, *, expected: int) -> None:
        super().__init__(f"cursor of {reader!r} is not at {expected} any more: does another hub use this data folder?")
        self.reader = reader
        self.expected = expected


class SchemaError(HubError):
    """The database was written by another version of this program."""
