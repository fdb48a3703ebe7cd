"""What a program logs carries the time once: its own, or the journal's."""

import io
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest

from device_profiles.log import form_for, journal_reads, ranked


def record(level: int, message: str) -> logging.LogRecord:
    """Return what a module logs."""
    return logging.LogRecord("hub.app", level, __file__, 1, message, None, None)


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TextIO]:
    """A stream of which systemd says that it is the journal's."""
    with (tmp_path / "journal").open("w", encoding="utf-8") as stream:
        status = os.fstat(stream.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{status.st_ino}")
        yield stream


def test_the_journal_gets_no_second_time_and_the_level_as_priority(journal: TextIO) -> None:
    """It has the time itself, and sorts out warnings by `journalctl -p warning`."""
    form = form_for(journal)
    assert form.format(record(logging.WARNING, "line is lost")) == "<4>WARNING hub.app: line is lost"
    assert form.format(record(logging.INFO, "ready")) == "<6>INFO hub.app: ready"
    assert form.format(record(logging.ERROR, "one\n two")) == "<3>ERROR hub.app: one\n<3> two"


def test_a_level_between_two_has_the_lower_ones_priority(journal: TextIO) -> None:
    """A foreign library may have levels of its own."""
    assert form_for(journal).format(record(logging.WARNING + 5, "so")).startswith("<4>")
    assert form_for(journal).format(record(1, "so")).startswith("<7>")


def test_elsewhere_a_line_has_its_time(tmp_path: Path, journal: TextIO) -> None:
    """Also where the variable is inherited by a program whose stderr is a file or a pipe."""
    with (tmp_path / "log").open("w", encoding="utf-8") as other:
        assert not journal_reads(other)
        text = form_for(other).format(record(logging.INFO, "ready"))
    assert text.endswith(" INFO hub.app: ready")
    assert text[:2] == "20"


@pytest.mark.parametrize("said", ["", "1", "a:b", "1:2:3", "0:0"])
def test_a_variable_that_means_nothing_is_no_journal(
    said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever set it."""
    monkeypatch.setenv("JOURNAL_STREAM", said)
    with (tmp_path / "log").open("w", encoding="utf-8") as stream:
        assert not journal_reads(stream)


def test_a_stream_without_a_file_is_no_journal(journal: TextIO) -> None:
    """As a test has in place of stderr."""
    assert not journal_reads(io.StringIO())
    assert ranked("hub: no\n", logging.ERROR, io.StringIO()) == "hub: no\n"


def test_a_last_word_has_its_priority_too(journal: TextIO) -> None:
    """A fault of config is what one looks for with `journalctl -p err`."""
    assert ranked("hub: no\n", logging.ERROR, journal) == "<3>hub: no\n"
