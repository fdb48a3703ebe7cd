"""Print how well states of berths are told from stills that come far apart, by the way that `edge-agent replay` goes.

Sequences are folders of labelled frames of one camera under DATA, in the order of their names. Each is told as it is,
and once more with every frame shown HOLD times, in another weather, light and noise at each, forth and back: there a
look errs now and then, and it is counted how often that is told as a change that was none.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from pathlib import Path

import cv2
import msgspec
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "models"))

from berth.frames import Frame, Labelled, read_frames  # noqa: E402  (scripts, not a package)
from berth.scores import Answer, score  # noqa: E402
from berth.weather import spoil  # noqa: E402
from edge_agent.replay.frames import Still  # noqa: E402
from edge_agent.replay.seen import Look, Seen, watch  # noqa: E402
from edge_agent.vision.looker import load_looker  # noqa: E402
from edge_agent.vision.zones import ZonesRead, parse_zones  # noqa: E402

INTERVALS_S = (0.2, 60.0, 300.0)
SEED = 20_261_121
SAID = {"occupied": True, "free": False}
Truth = Mapping[str, bool]


class Remembered:
    """A looker that scores each picture once: what it says does not hang on the interval."""

    def __init__(self, looker: Look) -> None:
        self._looker = looker
        self._told: dict[int, Mapping[str, float | None]] = {}

    def look(self, frame: Frame) -> Mapping[str, float | None]:
        """Return the scores of a picture, which is kept alive by whoever shows it."""
        if id(frame) not in self._told:
            self._told[id(frame)] = self._looker.look(frame)
        return self._told[id(frame)]


class Shown(msgspec.Struct, frozen=True):
    """One picture of a sequence, and what is true of it."""

    picture: Frame
    truth: Truth


class Told(msgspec.Struct, frozen=True):
    """What a sequence's states come to."""

    answers: list[Answer]
    false: int  # changes that were told and were none
    late: list[int]  # pictures until a change was told
    hours: float  # of berths


def sequences(frames: Sequence[Labelled]) -> Iterator[list[Labelled]]:
    """Yield the labelled frames of one folder and camera, where there are several."""
    for _, group in groupby(sorted(frames, key=lambda one: one.file), key=lambda one: (one.file.parent, one.camera)):
        some = list(group)
        if len(some) > 1:
            yield some


def zones_of(frame: Labelled) -> ZonesRead:
    """Return the zones as `--zones` would give them."""
    height, width = frame.read().shape[:2]
    zones = [{"id": one.id, "kind": "berth", "polygon": one.polygon} for one in frame.spaces]
    return parse_zones(msgspec.json.encode({"width": width, "height": height, "zones": zones}), file=str(frame.file))


def in_weather(frames: Sequence[Labelled], *, hold: int) -> list[Shown]:
    """Return each frame ``hold`` times, spoilt anew each time, to the last frame and back to the first."""
    rng = np.random.default_rng(SEED)
    course = [*frames, *reversed(frames[:-1])]
    return [Shown(_spoilt(one.read(), rng), _truth(one)) for one in course for _ in range(hold)]


def _spoilt(picture: Frame, rng: np.random.Generator) -> Frame:
    height, width = picture.shape[:2]
    side = max(height, width)  # what spoils patches takes squares
    square = cv2.copyMakeBorder(picture, 0, side - height, 0, side - width, cv2.BORDER_REFLECT_101).astype(np.uint8)
    return np.ascontiguousarray(spoil(square, rng)[:height, :width])


def _truth(frame: Labelled) -> Truth:
    return {one.id: one.occupied for one in frame.spaces if one.occupied is not None}


def replayed(shown: Sequence[Shown], read: ZonesRead, looker: Look, *, interval_s: float, hysteresis: bool) -> Seen:
    """Return what `edge-agent replay --interval` says of the pictures."""
    stills = (Still(round(at * interval_s * 1e6), str(at), one.picture) for at, one in enumerate(shown))
    return watch(stills, read, looker, hysteresis=hysteresis)


def compare(seen: Seen, shown: Sequence[Shown], *, camera: str, interval_s: float) -> Told:
    """Return the answers, and what was told that was none or came late."""
    pairs = [(frame.zones, one.truth) for frame, one in zip(seen.frames, shown, strict=True)]
    courses = [
        [(truth.get(zone), SAID.get(str(zones[zone].state))) for zones, truth in pairs] for zone in shown[0].truth
    ]
    return Told(
        [Answer(camera, truth, said) for states in courses for truth, said in states if truth is not None],
        sum(_is_false(before, now) for states in courses for before, now in pairwise(states)),
        [wait for states in courses for wait in _late(states)],
        len(courses) * len(pairs) * interval_s / 3600,
    )


def _is_false(before: tuple[bool | None, bool | None], now: tuple[bool | None, bool | None]) -> bool:
    return None not in (before[1], now[1]) and now[1] != before[1] and now[1] != now[0]


def _late(states: Sequence[tuple[bool | None, bool | None]]) -> Iterator[int]:
    """Yield for each change how many pictures it took until it was told."""
    waits: int | None = None
    for (truth_before, _), (truth, said) in pairwise(states):
        waits = 0 if truth != truth_before else waits
        if waits is not None and said == truth:
            yield waits
            waits = None
        waits = None if waits is None else waits + 1


def table(name: str, some: Sequence[tuple[list[Shown], ZonesRead, Look, str]]) -> None:
    """Print a row for each interval and way."""
    print(f"\n{name}\n{'':8}{'':16}{'balanced accuracy':44}{'late':>10}{'false changes':>28}")  # noqa: T201
    for interval_s in INTERVALS_S:
        for hysteresis in (True, False):
            told = [
                compare(
                    replayed(shown, read, looker, interval_s=interval_s, hysteresis=hysteresis),
                    shown, camera=camera, interval_s=interval_s,
                )
                for shown, read, looker, camera in some
            ]  # fmt: skip
            way = "default" if hysteresis else "--no-hysteresis"
            print(f"{interval_s:6.1f} s {way:16}{_row(told)}", flush=True)  # noqa: T201


def _row(told: Sequence[Told]) -> str:
    found = score([answer for one in told for answer in one.answers])
    late = [wait for one in told for wait in one.late]
    false, hours = sum(one.false for one in told), sum(one.hours for one in told)
    waits = f"{np.mean(late):.2f} stills" if late else "no change"
    right = f"{found.balanced:.4f} [{found.low:.4f}, {found.high:.4f}] unknown {found.unknown:.2%}"
    return f"{right:44}{waits:>12}{false:6} in {hours:6.1f} h of berths"


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data", help="labelled frames")
    parser.add_argument("--models", type=Path, default=None, help="folder of a models.toml with another `berth`")
    parser.add_argument("--hold", type=int, default=10, help="pictures of each frame in the second table; 0: none")
    chosen = parser.parse_args()
    found = list(sequences(read_frames(chosen.data)))
    if not found:
        print(f"SKIP  no sequence of labelled frames in {chosen.data}")  # noqa: T201
        return
    for name, hold in (("as they are", 0), (f"each {chosen.hold} times in weather", chosen.hold)):
        some = []
        for frames in found if hold or name == "as they are" else ():
            read = zones_of(frames[0])
            looker = Remembered(load_looker(read.sound, folder=chosen.models))
            shown = in_weather(frames, hold=hold) if hold else [Shown(one.read(), _truth(one)) for one in frames]
            some.append((shown, read, looker, frames[0].camera))
        if some:
            table(f"{len(some)} sequences, {sum(len(one[0]) for one in some)} pictures, {name}", some)


if __name__ == "__main__":
    main()
