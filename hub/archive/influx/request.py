"""A request to InfluxDB: its lines, and what each of them says, should the server not want it."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from hub.archive import Point
from hub.archive.blocks import Block, Run
from hub.archive.influx.line_protocol import LineError
from hub.archive.influx.lines import lines_of
from hub.archive.influx.rows import Row
from hub.archive.refusals import RefusalReason


class Sent(msgspec.Struct, frozen=True, gc=False):
    """A line and what it says."""

    text: str
    row: Row
    fields: tuple[str, ...] = ()  # those of the row that the line has; none means all

    def points(self) -> list[Point]:
        """Return what the line says."""
        return [self.row.points[field] for field in self.fields or self.row.points]


class Request:
    """Lines that go in one request, and what each of them says."""

    def __init__(self, texts: list[str] | None = None, says: list[Block | Sent] | None = None) -> None:
        self.texts = texts or []
        self.says = says or []

    def add(self, texts: Sequence[str], says: Sequence[Block | Sent]) -> None:
        """Take in lines."""
        self.texts += texts
        self.says += says

    def cut(self, at: int) -> tuple["Request", "Request"]:
        """Return the first ``at`` lines and the rest."""
        return Request(self.texts[:at], self.says[:at]), Request(self.texts[at:], self.says[at:])

    def sent(self) -> list[Sent]:
        """Return the lines one by one: for a server that does not want all of them."""
        return [
            Sent(text, Row.of(said)) if isinstance(said, Block) else said
            for text, said in zip(self.texts, self.says, strict=True)
        ]


Bad = tuple[Sent, RefusalReason, str]  # with the server's words


Said = tuple[Sequence[str], Sequence[Block | Sent]]  # lines, and what each of them says


def of_runs(runs: Iterable[Run], refused: list[Bad]) -> Iterator[Said]:
    """Yield the lines of runs; what cannot be said goes to ``refused``."""
    for run in runs:
        try:
            yield lines_of(run), run.blocks
        except LineError:
            yield from of_rows(map(Row.of, run.blocks), refused)


def of_rows(rows: Iterable[Row], refused: list[Bad]) -> Iterator[Said]:
    """Yield the lines of rows; what cannot be said goes to ``refused``."""
    for row in rows:
        good, bad = _encoded(row)
        refused += bad
        yield [sent.text for sent in good], good


def _encoded(row: Row) -> tuple[list[Sent], list[Bad]]:
    try:
        return [Sent(row.line(), row)], []
    except LineError:
        good: list[Sent] = []
        bad: list[Bad] = []
        for field in row.points:
            try:
                good.append(Sent(row.line([field]), row, (field,)))
            except LineError as error:
                bad.append((Sent("", row, (field,)), RefusalReason.UNENCODABLE, str(error)))
        return good, bad


def parts_of(sent: Sent) -> Sequence[Sent]:
    """Return a line for each field: only the one that is refused stays out."""
    if sent.fields or len(sent.row.points) == 1:
        return ()
    return [Sent(sent.row.line([field]), sent.row, (field,)) for field in sent.row.points]
