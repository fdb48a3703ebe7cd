"""``make reasons``: which scenarios reach which reason; played ones from a folder, journal scenes here and now."""

import functools
import sys
import tempfile
from collections import Counter
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from hub.alarms.asked.reached import DECIDED, Reached, listed, reached
from hub.alarms.state import State
from hub.channels.outbox.reached import DELIVERED
from tests.hub.reasons.scenes import SCENES
from tests.hub.reasons.tellings import told

ENUMS = DECIDED | DELIVERED
_SHOWN = 3  # names in a cell


class Played(msgspec.Struct, frozen=True):
    """What ``simulate run --reasons`` wrote."""

    scenario: str
    seed: int
    reached: list[Reached]


@functools.cache
def scenes() -> dict[str, Counter[tuple[str, str]]]:
    """Play the journal scenes and the tellings; return what each has reached."""
    found = {name: reached(State(), scene().records) for name, scene in SCENES.items()}
    with tempfile.TemporaryDirectory(prefix="reasons-") as folder:
        found["tellings"] = told(Path(folder))
    return found


def played(folder: Path) -> dict[str, Counter[tuple[str, str]]]:
    """Return what each scenario has reached of which the folder has a file, all its seeds together."""
    found: dict[str, Counter[tuple[str, str]]] = {}
    for path in sorted(folder.glob("*.json")):
        each = msgspec.json.decode(path.read_bytes(), type=Played)
        counts = found.setdefault(each.scenario, Counter())
        counts.update({(one.of, one.name): one.count for one in each.reached if one.count})
    return found


def table(in_city: dict[str, Counter[tuple[str, str]]], in_journal: dict[str, Counter[tuple[str, str]]]) -> Table:
    """Return a row for each reason, with who reaches it."""
    made = Table("of", "reason", f"scenarios ({len(in_city)})", f"journal scenes ({len(in_journal)})", box=None)
    for each in listed(ENUMS, Counter()):
        made.add_row(each.of, each.name, *(_who(counts, (each.of, each.name)) for counts in (in_city, in_journal)))
    return made


def unreached(*found: dict[str, Counter[tuple[str, str]]]) -> list[tuple[str, str]]:
    """Return the reasons that nothing has reached."""
    counts = sum((each for counts in found for each in counts.values()), Counter[tuple[str, str]]())
    return [(each.of, each.name) for each in listed(ENUMS, counts) if not each.count]


def main(folder: str = "build/reasons") -> int:
    """Print the coverage, and return the exit code."""
    in_city, in_journal = played(Path(folder)), scenes()
    missing, all_of = unreached(in_city, in_journal), len(listed(ENUMS, Counter()))
    Console(width=140).print(table(in_city, in_journal))
    by_city = all_of - len(unreached(in_city))
    print(f"{all_of - len(missing)} of {all_of} reasons are reached, {by_city} of them by scenarios of the city")
    return 1 if missing else 0


def _who(counts: dict[str, Counter[tuple[str, str]]], key: tuple[str, str]) -> str:
    names = [name for name, each in counts.items() if each[key]]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more if names else "-"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
