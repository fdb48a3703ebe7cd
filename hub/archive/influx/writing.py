"""A write that is on its way, and what the database had before it."""

from concurrent.futures import Future

import msgspec

from hub.archive.influx.request import Bad
from hub.errors import StoreDown


class Known(msgspec.Struct):
    """What the database had when it was asked, and what was written since."""

    offset: int  # the place in the journal
    superseded: int  # points of two packs for one (device, field, time), of which one stayed
    newest: dict[tuple[str, str], int]  # area, device → greatest time in it


class Writing:
    """What is on its way."""

    def __init__(self, known: Known, offset: int) -> None:
        self.known = known
        self.offset = offset  # the place in the journal once it is there
        self.superseded = 0  # of Known, to be added then
        self.refused: list[Bad] = []
        self.answers: list[Future[list[Bad]]] = []

    def answered(self) -> list[Bad]:
        """Wait for the server; return what is refused. Raises StoreDown once nothing is on its way any more."""
        down: StoreDown | None = None
        for answer in self.answers:  # all of them: none may still write when the batch is written again
            try:
                self.refused += answer.result()
            except StoreDown as error:
                down = error
        if down is not None:
            raise down
        return self.refused
