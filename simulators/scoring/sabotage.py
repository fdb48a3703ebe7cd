"""Sabotages: real runs that go wrong on purpose, at the wire or before the observer, so that the scorer must fail."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from enum import StrEnum
from pathlib import Path

import msgspec

from simulators.observers.packs import PackKey
from simulators.observers.witness import AlarmWord, HonestPath, ObservingPath
from simulators.play.act import Act
from simulators.play.scenario import Expected, Scenario
from simulators.scoring.scoring import DELIVERED_WITHIN_MS

_TRAP = "sabotage"


class Sabotage(StrEnum):
    """What goes wrong."""

    MISSED = "missed"  # the alarms are withheld on the way to the command centre
    FALSE = "false"  # somebody is trapped of whom the truth does not know
    DOUBLED = "doubled"  # each alarm arrives a second time under another id
    LOST = "lost"  # the journal loses a pack that was published
    LATE = "late"  # the alarms are held up on the way


class WithholdingPath:
    """Nothing arrives."""

    def pass_on(self, word: AlarmWord) -> Iterable[tuple[float, AlarmWord]]:
        """Return nothing."""
        del word
        return []


class DoublingPath:
    """Every word arrives twice, the second time with another id."""

    def pass_on(self, word: AlarmWord) -> Iterable[tuple[float, AlarmWord]]:
        """Return the word and its double."""
        return [(0.0, word), (0.0, msgspec.structs.replace(word, id=f"{word.id}-again"))]


class SlowPath:
    """Every word arrives too late."""

    def pass_on(self, word: AlarmWord) -> Iterable[tuple[float, AlarmWord]]:
        """Return the word, to be kept after the longest delivery that still counts as in time."""
        return [(DELIVERED_WITHIN_MS / 1000 + 1.0, word)]


def observing_path(sabotage: Sabotage | None) -> ObservingPath:
    """Return the way by which alarms reach the one who writes them down."""
    match sabotage:
        case Sabotage.MISSED:
            return WithholdingPath()
        case Sabotage.DOUBLED:
            return DoublingPath()
        case Sabotage.LATE:
            return SlowPath()
    return HonestPath()


def staged(scenario: Scenario, sabotage: Sabotage | None) -> Scenario:
    """Return the scenario as it is played and scored under ``sabotage``: one trap more where one is needed."""
    if sabotage is Sabotage.FALSE:
        return msgspec.structs.replace(scenario, acts=(*scenario.acts, _trap(scenario)))
    if sabotage is None or scenario.expected:
        return scenario
    alarm = Expected("lift.entrapment", _TRAP, "20s", "30s", scenario.spare)
    return msgspec.structs.replace(scenario, acts=(*scenario.acts, _trap(scenario)), expected=(alarm,))


def lose_a_pack(journal: Path, published: Iterable[PackKey]) -> PackKey:
    """Delete the row of the first pack in ``published`` from a journal that nobody has open; return it."""
    key = min(published)
    with closing(sqlite3.connect(journal)) as connection, connection:
        connection.execute("DELETE FROM records WHERE agent = ? AND epoch = ? AND lane = ? AND seq = ?", key)
    return key


def _trap(scenario: Scenario) -> Act:
    return Act(_TRAP, "stop_between_floors", scenario.spare, at="10s")
