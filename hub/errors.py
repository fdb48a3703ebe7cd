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


class JournalFull(HubError):
    """The disk has no room for more: readings wait at the edge until there is."""

    def __init__(self, path: str) -> None:
        super().__init__(f"{path}: no space left on the disk; free some, the hub goes on by itself")
        self.path = path


class DataDamaged(HubError):
    """A database is not what was written: a backup must be put back."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}; `hub restore` puts a backup into an empty data folder")
        self.path = path


class NoRight(HubError):
    """Whoever asks may not write a database, or its folder, which SQLite needs even to read."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}: SQLite needs to write file and folder even to read; ask as the hub's user")


class StoreDown(HubError):
    """A store outside the hub's own database takes nothing now: its reader waits and tries again."""

    def __init__(self, store: str, reason: str) -> None:
        super().__init__(f"{store}: {reason}")
        self.store = store
        self.reason = reason


class BrokerFolderError(HubError):
    """A folder cannot be made a broker's, or is none."""


class BackupError(HubError):
    """A backup cannot be made or is not whole, or the place to restore it to is not empty."""


class DataInUse(HubError):
    """Another hub runs on this data folder."""


class NoData(HubError):
    """There is no data of a hub where it was looked for."""


class EvidenceError(HubError):
    """A copy of evidence cannot be written."""


class NoSuchAlarm(HubError):
    """No alarm has this id, or it has ended already."""


class NoActor(HubError):
    """Somebody wants to act on an alarm and does not say who."""


class NoteTooLong(HubError):
    """Somebody wants to say more with an act than a note holds."""


class NeedsReason(HubError):
    """Somebody wants to close an alarm for a reason for which it may not be closed."""


class NoSuchMessage(HubError):
    """No message in quarantine has this id."""


class BadReport(HubError):
    """A person's report says nothing, names no place, or has a photograph that cannot be kept."""
