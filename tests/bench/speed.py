"""From the broker to the database: the hub with all it does, beside what others write, on the same messages, in turn.

Every ratio is the median of the ratios of laps that ran one after the other; what else runs on the machine meets both.
"""

import os
import statistics
from collections.abc import Sequence
from pathlib import Path

from tests.bench import race, rig
from tests.bench.influx import Influx, influx
from tests.bench.report import Figure

QUICK = os.environ.get("QUICK") == "1"  # CI: one lap less of each, and shorter ones
LAPS = 3
MESSAGES = 30_000 if QUICK else 60_000
BATCHING, TUTORIAL = MESSAGES // 4, MESSAGES // 20
READINGS = 10  # of a pack, in the second race
PACKS = MESSAGES // 4  # of so many readings: some seconds, so that what ends a lap weighs as little as in the others
SHARE = 0.85  # of a goal is its gate


def measure(folder: Path) -> list[Figure]:
    """Return rates, processor time and the ratios that are gated."""
    with influx(folder / "influx") as database:
        track = Track(folder, database)
        laps = [track.lap() for _ in range(LAPS)]
        packs = [track.packs() for _ in range(LAPS)]
    return _race(laps) + _packs(packs)


class Track:
    """Where the laps are run; each has a broker of its own, so that none has what another left."""

    def __init__(self, folder: Path, database: Influx) -> None:
        self._folder = folder
        self._database = database
        self._number = 0

    def lap(self) -> dict[str, race.Lap]:
        """Let everybody run once."""
        found = {"sub": self._subscriber()}
        found["tuned"] = self._contender("tuned", MESSAGES)
        found["hub"] = self._hub(MESSAGES)
        found["batching"] = self._contender("batching", BATCHING)
        found["decoding"] = self._contender("decoding", BATCHING)
        found["tutorial"] = self._contender("tutorial", TUTORIAL)
        return found

    def packs(self) -> tuple[float, float, float]:
        """Return readings a second, in packs of ten, of the hub and of the script, and the database's limit."""
        limit = race.database(self._database, lines=MESSAGES)
        ours = self._hub(PACKS, readings=READINGS).rate * READINGS
        return ours, self._contender("tuned", PACKS, readings=READINGS).rate * READINGS, limit

    def _subscriber(self) -> race.Lap:
        with rig.broker(self._next()) as server:
            return race.subscriber(server, count=MESSAGES)

    def _contender(self, kind: str, count: int, *, readings: int = 1) -> race.Lap:
        with rig.broker(self._next()) as server:
            return race.contender(kind, server, influx=self._database, count=count, readings=readings)

    def _hub(self, count: int, *, readings: int = 1) -> race.Lap:
        folder = self._next()
        with rig.broker(folder) as server:
            return race.hub(server, folder / "hub", influx=self._database, count=count, readings=readings)

    def _next(self) -> Path:
        self._number += 1
        return self._folder / f"lap-{self._number}"


def _race(laps: Sequence[dict[str, race.Lap]]) -> list[Figure]:
    names = {
        "sub": "mosquitto_sub, QoS 1",
        "tutorial": "tutorial: paho + influxdb-client, a write for each message",
        "batching": "tutorial: paho + influxdb-client's batching",
        "decoding": "the same, which decodes with msgspec",
        "tuned": "hand-tuned script: no journal, no ledger, no alarms",
        "hub": "hub: journal, ledger, alarms, twins, archive",
    }
    figures = [_rate(name, [lap[key] for lap in laps]) for key, name in names.items()]
    valid = _median([lap["tuned"].rate / lap["sub"].rate for lap in laps])
    figures.append(_gate("hand-tuned script / mosquitto_sub: below it the script is no baseline", valid, 0.35, share=1))
    for key, name, goal in (
        ("tutorial", "tutorial with a write for each message", 12.0),
        ("batching", "tutorial with batching", 2.0),
        ("tuned", "hand-tuned script", 1.0),
        ("sub", "mosquitto_sub", 0.35),
    ):
        figures.append(_gate(f"hub / {name}, rate", _median([lap["hub"].rate / lap[key].rate for lap in laps]), goal))
    faster = _median([lap["hub"].rate / lap["decoding"].rate for lap in laps])
    figures.append(Figure("hub / tutorial with batching that decodes with msgspec, rate", faster, "×"))
    cost = _median([lap["hub"].cpu_s / lap["tuned"].cpu_s for lap in laps])
    bound = 1.2 / SHARE
    detail = f"goal at most 1.2; median of {len(laps)} pairs"
    figures.append(Figure("hub / hand-tuned script, processor time", cost, "×", gate=f"<= {bound:.2f}", detail=detail))
    return figures


def _packs(packs: Sequence[tuple[float, float, float]]) -> list[Figure]:
    ours, _, limits = zip(*packs, strict=True)
    detail = f"packs of {READINGS} readings of 12 values"
    same = "the same lines, made before, 2 requests at once"
    bare = "no journal, no ledger, no alarms; its lines say 12 values, ours 16"
    return [
        Figure("readings journalled and archived", _median(ours), "/s", detail=detail),
        Figure("the database's own limit", _median(limits), "/s", detail=same),
        _gate("readings archived / the database's limit", _median([mine / limit for mine, _, limit in packs]), 0.7),
        Figure(
            "hand-tuned script, the same packs / the database's limit",
            _median([script / limit for _, script, limit in packs]), "×", detail=bare,
        ),
    ]  # fmt: skip


def _rate(name: str, laps: Sequence[race.Lap]) -> Figure:
    cpu, broker, store = (_median([getattr(lap, key) for lap in laps]) for key in ("cpu_s", "broker_s", "influx_s"))
    detail = f"CPU s / 100,000: {cpu:.1f}; broker {broker:.1f}, database {store:.1f}"
    return Figure(name, _median([lap.rate for lap in laps]), "msg/s", detail=detail)


def _gate(name: str, ratio: float, goal: float, *, share: float = SHARE) -> Figure:
    return Figure(name, ratio, "×", gate=f">= {goal * share:.3g}", detail=f"goal {goal:g}")


def _median(values: Sequence[float]) -> float:
    return statistics.median(values)
