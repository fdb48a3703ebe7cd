"""SIGKILL round alarm, acknowledgement, shelving, escalation and delivery: nothing lost, nothing doubled."""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import pytest

from hub.alarms.transitions import Kind, Transition
from hub.database import open_database
from hub.journal.journal import Journal
from tests.hub.alarm_crash import verdict
from tests.hub.alarm_crash.office import Taken
from tests.hub.alarm_crash.rounds import ACTS, AIMS, DELIVERY, MEMORY, RANDOM, Rounds
from tests.hub.alarm_crash.verdict import Findings


@pytest.fixture
def memory() -> Iterator[Path]:
    """Return a folder in memory, where there is one."""
    with tempfile.TemporaryDirectory(prefix="alarm-crash-", dir=MEMORY) as folder:
        yield Path(folder)


def test_twenty_deaths_lose_and_double_nothing(memory: Path) -> None:
    """At every point, round every change, and at random; then the verdict itself is shown that it can find fault."""
    rounds = Rounds(memory, seed=3)
    found = rounds.play(len(AIMS))
    assert (found.lost, found.doubled, found.wrong) == (0, 0, 0), found.findings
    _spoilt(memory, rounds)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_two_hundred_deaths_are_everywhere(memory: Path) -> None:
    """As ``make alarm-crash`` plays them: every point is died at, and something has happened round it."""
    found = Rounds(memory, seed=5).play(200)
    assert (found.lost, found.doubled, found.wrong) == (0, 0, 0), found.findings
    assert [point for point, kills in found.kills.items() if not kills] == []
    assert found.kills.keys() == set(AIMS) >= {*DELIVERY, *ACTS, RANDOM}
    assert found.good
    assert min(found.entrapments, found.steps, found.acts, found.notices, found.again) > 10


def _spoilt(folder: Path, rounds: Rounds) -> None:
    """Take one thing away after the other, and each is missed."""
    journal, engine = Journal.open(folder / "journal.db", reserve_bytes=0), open_database(folder / "hub.db")
    records, made = verdict.undisturbed(journal)
    taken = rounds.taken
    called = next(each for each in made if each.kind is Kind.RAISED and each.calls)
    keys = taken["centre"].keys.pop(called.id)
    assert _told(made, taken).lost == [("notice", f"centre {called.id} raised")]
    taken["centre"].keys[called.id] = keys | {"another": None}
    assert _told(made, taken).doubled == [("notice", f"centre {called.id}")]
    taken["centre"].order.reverse()
    assert _told(made, taken).wrong
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE standings SET dead = NOT dead")
        connection.exec_driver_sql('DELETE FROM transitions WHERE "offset" = ? AND n = ?', (called.offset, called.n))
    found = Findings()
    verdict.compare_stored(engine, made, found)
    assert found.lost == [("transition", str((called.offset, called.n)))]
    assert {"audit", "receiver's death"} <= {what for what, _ in found.wrong}
    found = Findings()
    verdict.compare_deeds([*records, *(r for r in records if r.kind == "act")], ["act 0"], [], found)
    assert found.lost == [("act", "act 0")]
    assert len(found.doubled) == len({_note(r.body) for r in records if r.kind == "act"})
    found = Findings()
    steps = [each for each in made if each.kind is Kind.ESCALATED]
    verdict.compare_story([each for each in made if each is not steps[0]] + [steps[-1]], 0, found)
    assert {what for what, _ in found.doubled} == {"entrapment", "step"}
    journal.close()
    engine.dispose()


def _told(made: Sequence[Transition], taken: dict[str, Taken]) -> Findings:
    found = Findings()
    verdict.compare_told(made, taken, found)
    return found


def _note(body: bytes) -> str:
    return str(msgspec.json.decode(body)["reason"])
