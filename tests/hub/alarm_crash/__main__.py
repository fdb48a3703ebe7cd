"""``make alarm-crash``: kill the deciding and telling part of a hub, and say what is left, as a line of JSON."""

import argparse
import sys
import tempfile
from pathlib import Path

import msgspec

from tests.hub.alarm_crash.rounds import MEMORY, Rounds


def main() -> int:
    """Play, print, and return the exit code."""
    parser = argparse.ArgumentParser(prog="alarm-crash", description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="folder for data and log")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="alarm-crash-", dir=MEMORY) as folder:
        place = options.keep or Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        found = Rounds(place, seed=options.seed).play(options.rounds)
    sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
    return 0 if found.good else 1


if __name__ == "__main__":
    sys.exit(main())
