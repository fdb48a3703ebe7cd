"""Packs are counted from outside: the same content is recognised, a missing or changed one is found."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from simulators.observers.packs import Content, PackKey, content_of, journalled, journalled_again, journalled_keys, loss
from simulators.scoring.sabotage import lose_a_pack

FIRST, SECOND = PackKey("hz/a/b/agent-01", 7, "event", 1), PackKey("hz/a/b/agent-01", 7, "event", 2)


def _pack(*facts: dict[str, object], **envelope: object) -> bytes:
    return json.dumps({"facts": list(facts), **envelope}).encode()


def test_content_is_the_facts_and_not_the_envelope() -> None:
    """A pack that is sent again has the same content; another fact is another content."""
    fact = {"type": "event", "t_us": 5, "kind": "a.b"}
    assert content_of(_pack(fact, sent_us=1)) == content_of(_pack(fact, sent_us=2, resent_in=9))
    assert content_of(_pack(fact)) != content_of(_pack(fact | {"t_us": 6}))
    assert content_of(_pack(fact, fact)).facts == 2
    with pytest.raises(ValueError, match="facts"):
        content_of(b'{"facts": 3}')


def test_loss_counts_packs_facts_and_changes() -> None:
    """Missing packs with their facts, and packs whose facts changed; what only the journal knows is no loss."""
    published = {FIRST: Content(3, "a"), SECOND: Content(2, "b")}
    assert loss(published, {SECOND: Content(2, "b")}) == (loss({FIRST: Content(3, "a")}, {}))
    assert loss(published, {}).facts == 5
    assert loss(published, published | {PackKey("x", 1, "event", 1): Content(1, "c")}).packs == 0
    assert loss(published, {FIRST: Content(3, "z"), SECOND: Content(2, "b")}).altered == 1


def test_a_journal_is_read_without_the_hub(tmp_path: Path) -> None:
    """Only rows of kind pack with a seq count; a file that is not there yet holds nothing."""
    path = tmp_path / "journal.db"
    assert journalled_keys(path) == set()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "CREATE TABLE records (offset INTEGER PRIMARY KEY, received_us, kind, agent, epoch, lane, seq, body BLOB)"
        )
        rows = [("pack", *FIRST, _pack({"t_us": 1})), ("double", *FIRST, b""), ("tick", "", 0, "", None, b"{}")]
        insert = "INSERT INTO records (received_us, kind, agent, epoch, lane, seq, body) VALUES (0, ?, ?, ?, ?, ?, ?)"
        connection.executemany(insert, rows)
    assert journalled(path) == {FIRST: content_of(_pack({"t_us": 1}))}
    assert journalled_keys(path) == {FIRST}
    assert journalled_again(path) == 0
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany(insert, [rows[0], rows[0]])
    assert journalled_again(path) == 2
    assert lose_a_pack(path, [SECOND, FIRST]) == FIRST
    assert journalled_keys(path) == set()
