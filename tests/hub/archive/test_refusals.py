"""The table of what a database refused: durable, bounded, each point once."""

from pathlib import Path

import pytest

from hub.archive.refusals import Place, RefusalReason, Refusals, RefusedPoint
from hub.errors import StoreDown


def refused(number: int, *, words: str = "no") -> RefusedPoint:
    """Return a point that was refused."""
    return RefusedPoint(
        1, 2, "hz/x/y/lift-07", "speed", number, "a-1", 7, "reading", 3, RefusalReason.REJECTED, words, "facts …"
    )


def test_what_is_kept_comes_back(tmp_path: Path) -> None:
    """Also after a restart, in the order of refusal, page by page."""
    table = Refusals(tmp_path / "refused.db")
    assert table.keep([refused(1), refused(2)]) == 2
    assert table.keep([refused(2, words="again"), refused(3)]) == 1
    table.close()
    table = Refusals(tmp_path / "refused.db")
    kept = table.read()
    assert [(point.t_us, point.words) for point in kept] == [(1, "no"), (2, "no"), (3, "no")]
    assert table.read(after=kept[0].id, limit=1) == kept[1:2]
    assert table.drop([kept[0].id, 999]) == 1
    assert table.counts() == (2, 0)
    table.close()


def test_the_oldest_go_and_are_counted(tmp_path: Path) -> None:
    """It never holds more than its bound."""
    table = Refusals(tmp_path / "refused.db", most=3)
    for number in range(5):
        table.keep([refused(number)])
    assert [point.t_us for point in table.read()] == [2, 3, 4]
    assert table.counts() == (3, 2)
    table.close()


def test_the_place_is_remembered(tmp_path: Path) -> None:
    """With the count of what was superseded up to there."""
    table = Refusals(tmp_path / "refused.db")
    assert table.place() == Place(0, 0)
    table.tell_place(Place(7, 2))
    table.close()
    table = Refusals(tmp_path / "refused.db")
    assert table.place() == Place(7, 2)
    table.close()


def test_a_damaged_file_is_set_aside(tmp_path: Path) -> None:
    """A hub starts; the journal is archived again from its beginning, and what is bad is refused again."""
    path = tmp_path / "refused.db"
    path.write_bytes(b"this is no database" * 1000)
    table = Refusals(path)
    assert table.place() == Place(0, 0)
    table.close()
    assert len(list(tmp_path.glob("refused.db.broken-*"))) == 1


def test_a_file_that_cannot_be_made_is_a_store_that_is_down(tmp_path: Path) -> None:
    """In the hub's own words."""
    with pytest.raises(StoreDown):
        Refusals(tmp_path / "nowhere" / "refused.db")
