"""Print how well rides and stucks are found: with the model, with thresholds alone, without the barometer.

``make evaluate`` runs it with the committed model on simulated lifts that the model was not trained with, and on the
real ride of the skyscraper when its file is there. Each figure that the project promises is a gate with a line of its
own, PASS or FAIL; one FAIL is exit 1.
"""

import argparse
import csv
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import msgspec
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from edge_agent.infer.motion import load_motion  # noqa: E402  (a script beside the packages, not one of them)
from edge_agent.judge.finding import Finding  # noqa: E402
from edge_agent.judge.ride.limits import RideLimits  # noqa: E402
from edge_agent.judge.ride.ride import Classify, RideJudge  # noqa: E402
from edge_agent.judge.ride.state import Ride  # noqa: E402
from simulators.boxes import stories  # noqa: E402
from simulators.boxes.day import Recording  # noqa: E402

SEED = 50_000  # far from the training's
RIDES_A_MONTH = 6_000  # of a lift: 200 a day
OTHERS = 6  # so many times fewer rides for the other variants: only the first has to show a lift-month
RIDES_A_BUILDING = 40  # enough that the floors are learned
SKY = Path("series/elevator_skyscraper/data/skyscrapper_up.csv")
LATE_S = 60.0  # after a dead stop a stuck must be told within this
LEAST = 0.98  # of rides and stucks: recall, precision
OFF_M = 0.5  # of a ride's height
LOW_M = 30.0  # ten floors: in higher rides a cheap sensor's scale alone may be more than OFF_M
AUTHOR_M = 74.3  # of the skyscraper's ride


class Score(msgspec.Struct):
    """Counts of one variant."""

    rides: int = 0
    found: int = 0
    extra: int = 0
    off_m: list[float] = []
    high_m: list[float] = []
    hours: float = 0.0
    false_stucks: int = 0
    stucks: int = 0
    stucks_found: int = 0
    lookalikes: int = 0
    lookalike_rides: int = 0
    lookalike_stucks: int = 0

    @property
    def recall(self) -> float:
        """Share of the rides that were found."""
        return self.found / max(1, self.rides)

    @property
    def precision(self) -> float:
        """Share of what was called a ride that was one; look-alikes count too."""
        return self.found / max(1, self.found + self.extra + self.lookalike_rides)

    @property
    def months(self) -> float:
        """Lift-months that were played."""
        return self.rides / RIDES_A_MONTH

    @property
    def low_off_m(self) -> float:
        """The error of height that 95 % of the rides up to LOW_M keep."""
        off = np.array(self.off_m)[np.array(self.high_m) <= LOW_M]
        return float(np.quantile(off, 0.95)) if len(off) else float("inf")


class Gate(msgspec.Struct, frozen=True):
    """A figure that is promised."""

    name: str
    figure: str
    passed: bool

    def __str__(self) -> str:
        return f"{'PASS' if self.passed else 'FAIL'}  {self.name}: {self.figure}"


def gates(score: Score, sky: list[Ride] | None) -> list[Gate]:
    """Return what is promised of the committed model with a barometer, and whether it is kept."""
    stucks = score.stucks_found / max(1, score.stucks)
    false = (score.false_stucks + score.lookalike_stucks) / max(score.months, 1e-9)
    told = [
        Gate(f"recall of rides >= {LEAST}", f"{score.recall:.4f}", score.recall >= LEAST),
        Gate(f"precision of rides >= {LEAST}", f"{score.precision:.4f}", score.precision >= LEAST),
        Gate(f"height: 95 % of rides up to {LOW_M:g} m within {OFF_M} m", f"{score.low_off_m:.2f} m",
             score.low_off_m <= OFF_M),
        Gate(f"recall of stucks >= {LEAST}", f"{stucks:.4f}", stucks >= LEAST),
        Gate("false stucks a lift-month <= 1", f"{false:.2f}", false <= 1.0),
    ]  # fmt: skip
    if sky is None:
        return told
    one_up = len(sky) == 1 and sky[0].direction == "up" and abs(sky[0].height_m - AUTHOR_M) <= 0.1 * AUTHOR_M
    words = ", ".join(f"{ride.direction} {ride.height_m:.1f} m" for ride in sky)
    return [*told, Gate(f"the real skyscraper: one ride up of {AUTHOR_M} m +-10 %", words or "no ride", one_up)]


def judge(recording: Recording, *, classify: Classify | None, barometer: bool) -> tuple[list[Ride], list[Finding]]:
    """Return rides and findings of a recording, fed second by second."""
    one = RideJudge(RideLimits(), classify=classify)
    told = []
    t_us = (recording.t_s * 1e6).astype(np.int64) + 1_000_000_000
    pressure_us = (recording.pressure_t_s * 1e6).astype(np.int64) + 1_000_000_000
    for low_us in range(int(t_us[0]), int(t_us[-1]) + 1, 1_000_000):
        inside = slice(*np.searchsorted(pressure_us, [low_us, low_us + 1_000_000]))
        if barometer:
            told.append(one.take_pressure(pressure_us[inside].tolist(), recording.pressure_pa[inside]))
        inside = slice(*np.searchsorted(t_us, [low_us, low_us + 1_000_000]))
        told.append(one.take_acceleration(t_us[inside].tolist(), *recording.axes[inside].T))
    told.append(one.finish())
    return [ride for word in told for ride in word.rides], [found for word in told for found in word.findings]


def match(recording: Recording, rides: Iterable[Ride]) -> tuple[list[float], list[float], int, int]:
    """Return the errors and heights of the rides found, how many were missed and how many were none.

    A ride is found when one of its direction overlaps more than half of it.
    """
    left, off, high, missed = list(rides), [], [], 0
    for true in recording.rides:
        up = "up" if true.height_m > 0 else "down"
        fits = [ride for ride in left if ride.direction == up and _overlap(ride, true.start_s, true.end_s) > 0.5]
        if not fits:
            missed += not true.stuck  # what stopped dead may be too short to be called a ride
            continue
        left.remove(fits[0])
        off.append(abs(fits[0].height_m - abs(true.height_m)))
        high.append(abs(true.height_m))
    return off, high, missed, len(left)


def _overlap(ride: Ride, start_s: float, end_s: float) -> float:
    """Return the share of [start, end] that a ride covers."""
    low, high = ride.start_us / 1e6 - 1000, ride.end_us / 1e6 - 1000
    return (min(high, end_s) - max(low, start_s)) / (end_s - start_s)


def ordinary(score: Score, recordings: Iterable[Recording], *, classify: Classify | None, barometer: bool) -> None:
    """Count over ordinary life."""
    for recording in recordings:
        rides, findings = judge(recording, classify=classify, barometer=barometer)
        off, high, missed, extra = match(recording, rides)
        score.rides += len(off) + missed
        score.found += len(off)
        score.extra += extra
        score.off_m += off
        score.high_m += high
        score.hours += float(recording.t_s[-1]) / 3600
        score.false_stucks += sum(one.kind == "lift.stuck" for one in findings)


def dead_stops(score: Score, count: int, *, classify: Classify | None, barometer: bool) -> None:
    """Count over rides that end dead."""
    for number in range(count):
        recording = stories.stuck(np.random.default_rng(SEED + 100_000 + number))
        _, findings = judge(recording, classify=classify, barometer=barometer)
        times_s = [one.t_us / 1e6 - 1000 for one in findings if one.kind == "lift.stuck"]
        good = [at for at in times_s if -5 < at - recording.stuck_s[0] < LATE_S]
        score.stucks += 1
        score.stucks_found += bool(good)
        score.false_stucks += len(times_s) - len(good)


def lookalikes(score: Score, count: int, *, classify: Classify | None, barometer: bool) -> None:
    """Count over what looks like a ride."""
    for number in range(count):
        kind = stories.KINDS[number % len(stories.KINDS)]
        recording = stories.lookalikes(kind, np.random.default_rng(SEED + 200_000 + number))
        rides, findings = judge(recording, classify=classify, barometer=barometer)
        score.lookalikes += 1
        score.lookalike_rides += len(rides)
        score.lookalike_stucks += sum(one.kind == "lift.stuck" for one in findings)


def month(rides: int) -> Iterable[Recording]:
    """Yield lifts' lives of ``rides`` rides in all."""
    for number in range(max(1, rides // RIDES_A_BUILDING)):
        yield stories.rides(RIDES_A_BUILDING, np.random.default_rng(SEED + number), fans=number % 5 == 4)


def report(name: str, score: Score) -> list[str]:
    """Return the lines of one variant."""
    off, high = np.array(score.off_m), np.array(score.high_m)
    low, months = off[high <= LOW_M], score.months
    return [
        f"{name}:",
        f"  rides      recall {score.recall:.4f}, precision {score.precision:.4f} "
        f"({score.rides} rides, {score.hours:.0f} simulated hours, {months:.2f} lift-months of {RIDES_A_MONTH} rides)",
        f"  height     within 0.5 m: {np.mean(low <= OFF_M):.3f} of rides up to 30 m "
        f"(95 % {np.quantile(low, 0.95):.2f} m, worst {low.max():.2f} m), {np.mean(off <= OFF_M):.3f} of all "
        f"(median {np.median(off):.2f} m, 95 % {np.quantile(off, 0.95):.2f} m, worst {off.max():.2f} m); "
        f"within 0.5 m or 1 %: {np.mean(off <= np.maximum(OFF_M, 0.01 * high)):.3f}",
        f"  stucks     recall {score.stucks_found / max(1, score.stucks):.4f} of {score.stucks}; "
        f"{score.false_stucks} false: {score.false_stucks / months:.2f} a lift-month, "
        f"95 % sure below {(score.false_stucks + 3.0) / months:.1f}",
        f"  lookalikes {score.lookalike_rides} rides and {score.lookalike_stucks} stucks in {score.lookalikes} "
        f"({', '.join(stories.KINDS)})",
    ]


def skyscraper(folder: Path, classify: Classify | None) -> list[Ride] | None:
    """Return the rides found in the real recording, which was never trained with; None when it is not there."""
    path = folder / SKY
    if not path.is_file():
        return None
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    t_us = [round(float(row["relative_time"]) * 1000) for row in rows]
    axes = np.array([[float(row[name] or "nan") for name in ("AccX", "AccY", "AccZ")] for row in rows])
    one = RideJudge(RideLimits(), classify=classify)
    return [*one.take_acceleration(t_us, *axes.T).rides, *one.finish().rides]


def main() -> None:
    """Evaluate, print, and exit with 1 when a gate fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rides", type=int, default=RIDES_A_MONTH, help="ordinary rides, a sixth for other variants")
    parser.add_argument("--stucks", type=int, default=300)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    chosen = parser.parse_args()
    model = load_motion()
    variants: dict[str, tuple[Classify | None, bool]] = {
        "model and barometer": (model, True),
        "thresholds alone, with barometer": (None, True),
        "model, no barometer": (model, False),
        "thresholds alone, no barometer": (None, False),
    }
    scores = {}
    for name, (classify, barometer) in variants.items():
        started, score = time.monotonic(), Score()
        rides = chosen.rides if not scores else chosen.rides // OTHERS
        ordinary(score, month(rides), classify=classify, barometer=barometer)
        dead_stops(score, chosen.stucks, classify=classify, barometer=barometer)
        lookalikes(score, chosen.stucks, classify=classify, barometer=barometer)
        scores[name] = score
        print("\n".join(report(name, score)), f"\n  ({time.monotonic() - started:.0f} s)", flush=True)  # noqa: T201
    print(verdict(scores["model and barometer"], scores["thresholds alone, with barometer"]))  # noqa: T201
    sky = skyscraper(chosen.data, model)
    if sky is None:
        print(f"SKIP  the real skyscraper is not there: {chosen.data / SKY}")  # noqa: T201
    told = gates(scores["model and barometer"], sky)
    print("\n".join(map(str, told)))  # noqa: T201
    sys.exit(0 if all(gate.passed for gate in told) else 1)


def verdict(model: Score, thresholds: Score) -> str:
    """Return whether the model earns its place."""
    wrong = [
        score.rides - score.found + score.extra + score.false_stucks + score.stucks - score.stucks_found
        + score.lookalike_rides + score.lookalike_stucks
        for score in (model, thresholds)
    ]  # fmt: skip
    earns = "earns" if wrong[0] < wrong[1] else "does not earn"
    return f"the model {earns} its place: {wrong[0]} wrong decisions with it, {wrong[1]} with thresholds alone"


if __name__ == "__main__":
    main()
