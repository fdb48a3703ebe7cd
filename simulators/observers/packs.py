"""Packs as an outsider counts them: seen on the wire, or read raw from the hub's journal file.

It shares no code with the hub: sqlite3, json and the journal's column names are all that it knows.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

_SELECT = "SELECT agent, epoch, lane, seq, body FROM records WHERE kind = 'pack' AND seq IS NOT NULL"

_AGAIN = (
    "SELECT coalesce(sum(times - 1), 0) FROM (SELECT count(*) AS times FROM records"
    " WHERE kind = 'pack' AND seq IS NOT NULL GROUP BY agent, epoch, lane, seq)"
)


class PackKey(NamedTuple):
    """The identity of a pack."""

    agent: str  # <area>/<agent>
    epoch: int
    lane: str
    seq: int


class Content(msgspec.Struct, frozen=True):
    """What is remembered of a pack's facts: enough to see that none is missing or changed."""

    facts: int
    digest: str


class Loss(msgspec.Struct, frozen=True):
    """The difference between what was published and what the journal holds."""

    packs: int  # published, not journalled
    facts: int  # in those packs
    altered: int  # packs whose facts differ


def content_of(payload: bytes | str) -> Content:
    """Return the content of a pack. Raises ValueError for what is no pack."""
    pack = json.loads(payload)
    facts = pack.get("facts") if isinstance(pack, dict) else None
    if not isinstance(facts, list):
        raise ValueError("no list of facts")
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"))
    return Content(len(facts), hashlib.sha256(text.encode()).hexdigest()[:16])


def journalled(path: Path) -> dict[PackKey, Content]:
    """Return the packs that the journal file holds."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10.0)
    try:
        rows: Iterable[tuple[str, int, str, int, bytes]] = connection.execute(_SELECT)
        return {PackKey(agent, epoch, lane, seq): content_of(body) for agent, epoch, lane, seq, body in rows}
    finally:
        connection.close()


def journalled_facts(path: Path) -> list[Mapping[str, Any]]:
    """Return the facts of the packs that the journal file holds, each pack's once."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10.0)
    try:
        packs = {PackKey(*row[:4]): row[4] for row in connection.execute(_SELECT)}
    finally:
        connection.close()
    return [fact for body in packs.values() for fact in json.loads(body)["facts"]]


def journalled_again(path: Path) -> int:
    """Return how many rows of the journal file say a pack that another row says already."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10.0)
    try:
        return int(connection.execute(_AGAIN).fetchone()[0])
    finally:
        connection.close()


def pack_of_event(path: Path, kind: str) -> PackKey | None:
    """Return the first pack in the journal file that holds an event of a kind."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10.0)
    try:
        for *key, body in connection.execute(f"{_SELECT} AND lane = 'event' ORDER BY \"offset\""):
            if any(fact.get("kind") == kind for fact in json.loads(body)["facts"]):
                return PackKey(*key)
    finally:
        connection.close()
    return None


def journalled_keys(path: Path) -> set[PackKey]:
    """Return which packs the journal file holds, without looking into them; empty while there is no file."""
    if not path.exists():
        return set()
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10.0)
    try:
        return {PackKey(*row[:4]) for row in connection.execute(_SELECT.replace(", body", ""))}
    finally:
        connection.close()


def loss(published: Mapping[PackKey, Content], kept: Mapping[PackKey, Content]) -> Loss:
    """Return what of ``published`` is missing or changed in ``kept``."""
    missing = [content for key, content in published.items() if key not in kept]
    altered = sum(key in kept and kept[key].digest != content.digest for key, content in published.items())
    return Loss(len(missing), sum(content.facts for content in missing), altered)
