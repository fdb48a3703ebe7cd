"""Print how well changes of a road are told: held-back potholes in real frames, quiet real frames, patches by class.

``make evaluate`` runs it. Frames go the way that ``edge-agent replay`` goes with a folder of stills. Photographs and
frames that are held back (road_paste.HELD_EVERY, road_examples.HELD_SEQUENCE) were never trained with.
"""

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "models"))

from berth.frames import Labelled, read_frames  # noqa: E402  (scripts, not a package)
from berth.scores import wilson  # noqa: E402
from edge_agent.infer.registry import models_folder, read_entry  # noqa: E402
from edge_agent.judge.finding import Finding  # noqa: E402
from edge_agent.replay.seen import Recorded, replay_pictures  # noqa: E402
from edge_agent.vision.road.patch import LABELS, NAME, UNKNOWN, load_road_patch, named  # noqa: E402
from road.examples import HELD_SEQUENCE, MIX, Source  # noqa: E402
from road.frames import HOLED, QUIET, STYLES, pasted, quiet_grounds, write_picture, write_story, zones_of  # noqa: E402
from road.paste import Canvas, photographs, read_holes  # noqa: E402

SEED = 90_000
SHARE = 0.1  # of the photograph: a box that is larger is pasted
LEAST_FOUND, MOST_EVENTS, PER = 0.85, 1.0, 100
WITHIN_US = 10_000_000
HELD_S = 10  # pictures of one real frame, where frames come a second apart
ROUNDS = 100  # pictures of one quiet recording, at least
HOLE, SURFACE, GOOD = "road.hole", "road.", "road.surface_restored"
EACH = 120  # patches of each sort


class Share(msgspec.Struct, frozen=True):
    """So many of so many."""

    right: int
    count: int

    @property
    def share(self) -> float:
        """Return the share."""
        return self.right / max(1, self.count)

    def __str__(self) -> str:
        low, high = wilson(self.right, self.count) if self.count else (0.0, 1.0)
        return f"{self.share:.3f} [{low:.3f}, {high:.3f}] of {self.count}"


def told(folder: Path, zones: bytes, *, interval_s: float) -> Sequence[Finding]:
    """Return what a replay of a folder of stills finds."""
    file = folder / "zones.json"
    file.write_bytes(zones)
    return replay_pictures(Recorded(folder, file, interval_s=interval_s)).findings


def holes_found(data: Path, grounds: list[Canvas], *, each: int, most: int | None) -> dict[str, list[bool]]:
    """Return for each style of compositing which held-back potholes were told as a hole within 10 s."""
    rng, found = np.random.default_rng(SEED), {style: [] for style in STYLES}
    holes, names = read_holes(data, held=True, least=SHARE)[:most], list(STYLES)
    for number, hole in enumerate(holes):
        styles = tuple(names[(number + at) % len(names)] for at in range(0, len(names), max(1, len(names) // each)))
        for one in pasted([hole], grounds, rng, styles=styles):
            with tempfile.TemporaryDirectory() as folder:
                write_story(Path(folder), one, rng)
                findings = told(Path(folder), zones_of(one.ground.shape), interval_s=1.0)
            times = [finding.t_us - QUIET * 1_000_000 for finding in findings if finding.kind == HOLE]
            found[one.style].append(any(0 <= t_us <= WITHIN_US for t_us in times))
    return found


def quiet_events(shown: list[Canvas], *, interval_s: float) -> Counter[str]:
    """Return the kinds of surface events in a recording of quiet frames."""
    rng = np.random.default_rng(SEED)
    with tempfile.TemporaryDirectory() as folder:
        for number, picture in enumerate(shown):
            write_picture(Path(folder) / f"{number:05d}.jpg", picture, rng)
        findings = told(Path(folder), zones_of(shown[0].shape), interval_s=interval_s)
    return Counter(one.kind for one in findings if one.kind.startswith(SURFACE) and one.kind != GOOD)


def recordings(pictures: list[Canvas]) -> Iterator[tuple[str, float, list[list[Canvas]]]]:
    """Yield a name, seconds between pictures, and recordings of a camera's real frames.

    Real frames are minutes apart. So a second apart is each of them alone, for a while; 300 s apart are all of them in
    turn; what no camera shows, an hour that passes within a second, is shown without a gate.
    """
    rounds = -(-ROUNDS // len(pictures))
    yield "1 s", 1.0, [[picture] * rounds for picture in pictures]
    yield "300 s", 300.0, [pictures * rounds]
    yield "leaps", 1.0, [[picture for picture in pictures for _ in range(HELD_S)] * -(-rounds // HELD_S)]


def sequences(frames: list[Labelled]) -> Iterator[tuple[str, list[Canvas]]]:
    """Yield the pictures of each camera and folder that has several of one size."""
    pools: dict[str, list[Labelled]] = {}
    for one in frames:
        pools.setdefault(f"{one.camera} {one.file.parent.parent.name}", []).append(one)
    for name, pool in pools.items():
        pictures = [one.read() for one in pool]
        alike = [picture for picture in pictures if picture.shape == pictures[0].shape]
        if len(alike) >= 3:
            yield name, alike


def confusion(data: Path, *, each: int) -> dict[str, Counter[str]]:
    """Return what the model says of held-back pairs of each sort."""
    source, model, table = Source(data, held=True), load_road_patch(), {}
    for number, sort in enumerate(MIX):
        rng = np.random.default_rng(SEED + number)
        pairs = [source.example(rng, sort=sort).pair for _ in range(each)]
        table[sort] = Counter(named(one) for one in model.told_of(np.stack(pairs)))
    return table


def truth_of(sort: str) -> str:
    """Return what should be said of a sort."""
    return UNKNOWN if sort == "junk" else sort.split()[0]


def is_real(sort: str) -> bool:
    """Return whether what changed was photographed."""
    return sort.split()[-1] in ("pasted", "real")


def tell(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)  # noqa: T201


def gate(name: str, figure: str, passed: bool) -> bool:
    """Print a promise and whether it is kept."""
    tell(f"{'PASS' if passed else 'FAIL'}  {name}: {figure}")
    return passed


def show_holes(data: Path, frames: list[Labelled], *, each: int, most: int | None) -> bool:
    """Print the first figure."""
    grounds = quiet_grounds([one for one in frames if HELD_SEQUENCE in one.file.parts] or frames)
    if not grounds or not has_potholes(data):
        tell(f"SKIP  potholes in real frames: {data} holds no photographs of potholes, or no frames of UFPR05")
        return True
    found = holes_found(data, grounds, each=each, most=most)
    tell(
        f"\nheld-back potholes (box > {SHARE:.0%} of the photograph) in {len(grounds)} held-back real frames, 1 s apart"
    )
    for style, rights in found.items():
        tell(f"  {style:28} {Share(sum(rights), len(rights))}")
    every = [right for rights in found.values() for right in rights]
    score = Share(sum(every), len(every))
    return gate(f"told as {HOLE} within {HOLED - 1} s >= {LEAST_FOUND}", str(score), score.share >= LEAST_FOUND)


def show_quiet(frames: list[Labelled]) -> bool:
    """Print the second figure."""
    tell("\nsurface events of quiet real frames (vehicles and people come and go, the light changes)")
    totals: dict[str, list[int]] = {"1 s": [0, 0], "300 s": [0, 0]}
    for name, pictures in sequences(frames):
        for word, interval_s, shown in recordings(pictures):
            kinds = sum((quiet_events(one, interval_s=interval_s) for one in shown), Counter[str]())
            count = sum(map(len, shown))
            tell(f"  {name:28} {word:6} {kinds.total():3} in {count} pictures {dict(kinds) or ''}")
            if word in totals:
                totals[word][0] += kinds.total()
                totals[word][1] += count
    if not totals["1 s"][1]:
        tell("SKIP  quiet frames: no camera has three of them")
        return True
    rates = {word: PER * events / count for word, (events, count) in totals.items()}
    tell(f"  (leaps: each real frame for {HELD_S} s, then at once the next, which is minutes or hours later; no gate)")
    kept = [
        gate(f"surface events in {PER} pictures {word} apart <= {MOST_EVENTS:g}", f"{rate:.2f}", rate <= MOST_EVENTS)
        for word, rate in rates.items()
    ]
    return all(kept)


def has_potholes(data: Path) -> bool:
    """Return whether a photograph of potholes is there that was held back."""
    return next(photographs(data, held=True), None) is not None


def show_patches(data: Path, frames: list[Labelled], *, each: int) -> None:
    """Print the third figure."""
    held = [one for one in frames if HELD_SEQUENCE in one.file.parts]
    if len(held) < 2 or not has_potholes(data):  # a vehicle comes between two frames of one camera
        tell(f"SKIP  patches: {data} holds no photographs of potholes, or not two frames of a {HELD_SEQUENCE}")
        return
    words = [*LABELS, UNKNOWN]
    table = confusion(data, each=each)
    tell(f"\nheld-back patches, {each} of each sort; below {UNKNOWN}: no class reaches one half")
    tell(f"  {'':20}{'right':>7}" + "".join(f"{word:>9}" for word in words))
    for real in (True, False):
        tell(f"  {'photographed' if real else 'drawn'}")
        for sort, said in table.items():
            if is_real(sort) is real:
                right = said[truth_of(sort)] / said.total()
                tell(f"    {sort:18}{right:7.3f}" + "".join(f"{said[word]:9}" for word in words))


def at_least_one(text: str) -> int:
    """Return a number of a command line. Raises ValueError."""
    if int(text) < 1:
        raise ValueError(text)
    return int(text)


def main() -> None:
    """Evaluate, print, and exit with 1 when a gate fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--each", type=at_least_one, default=2, help="styles of compositing of each pothole")
    parser.add_argument("--holes", type=at_least_one, default=None, help="so many potholes only")
    parser.add_argument("--patches", type=at_least_one, default=EACH, help="of each sort")
    chosen = parser.parse_args()
    if not chosen.data.is_dir():
        parser.error(f"--data: there is no folder {chosen.data}")
    frames = read_frames(chosen.data)
    entry = read_entry(NAME, folder=models_folder())
    tell(f"\nthe committed model ({entry.file}, {entry.sha256[:12]}…)")
    good = show_holes(chosen.data, frames, each=chosen.each, most=chosen.holes)
    good &= show_quiet(frames)
    show_patches(chosen.data, frames, each=chosen.patches)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
