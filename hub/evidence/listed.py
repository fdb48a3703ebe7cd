"""Every piece of evidence that alarms name: whether it is here, and each fetch of it."""

import msgspec
import sqlalchemy as sa

from device_profiles.shelf import Shelf
from hub.evidence.fetched import FetchRecord
from hub.evidence.table import all_fetches
from hub.evidence.wanted import alarms_with_evidence, pieces_of
from hub.journal.journal import Journal


class Listed(msgspec.Struct, frozen=True):
    """One piece."""

    alarm: str
    rule: str
    device: str
    part: str
    digest: str
    here: bool
    path: str  # where it is, "" when it is not here
    fetches: tuple[FetchRecord, ...]  # oldest first


def listed(connection: sa.Connection, journal: Journal, shelf: Shelf, *, alarm: str = "") -> list[Listed]:
    """Return the pieces of one alarm or of all, in the order in which the alarms were raised."""
    by_piece: dict[tuple[str, str], list[FetchRecord]] = {}
    for record in all_fetches(connection, journal):
        by_piece.setdefault((record.fetched.alarm, record.fetched.digest), []).append(record)
    return [
        Listed(
            piece.alarm,
            each.rule,
            piece.device,
            piece.part,
            piece.digest,
            piece.digest in shelf,
            str(shelf.folder / piece.digest) if piece.digest in shelf else "",
            tuple(by_piece.get((piece.alarm, piece.digest), ())),
        )
        for each in alarms_with_evidence(connection, alarm=alarm)
        for piece in pieces_of(each)
    ]
