"""What a config may say about the archive."""

from pathlib import Path

import pytest

from device_profiles.errors import ConfigError
from hub.archive.embedded import EmbeddedArchive
from hub.archive.influx.influx import InfluxArchive
from hub.archive.stores import describe, influx_place, open_archive
from hub.config import EXAMPLE, Settings, read_config
from hub.errors import StoreDown


def configured(folder: Path, text: str) -> Settings:
    """Return the settings of a hub whose part [archive] is ``text``."""
    file = folder / "hub.toml"
    file.write_text(f'hub = "hub-1"\ndata = "data"\n[archive]\n{text}\n', encoding="utf-8")
    (folder / "data").mkdir(exist_ok=True)
    return read_config(file)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('kind = "oracle"', "archive.kind"),
        ('kind = "influx"\nurl = "mqtt://a"', "archive.url"),
        ('kind = "influx"\nurl = "http://user:word@a"', "archive.url"),
        ('kind = "influx"\ndatabase = ""', "archive.database"),
        ('kind = "influx"\npassword_file = "a"', "archive.user"),
        ('kind = "influx"\nbucket = "a"', "archive.bucket"),
        ('kind = "influx"\ntoken_file = "a"', "archive.token_file"),
        ('kind = "influx"\nversion = "2"', "archive.bucket"),
        ('kind = "influx"\nversion = "3"', "archive.version"),
        ('kind = "influx"\ntimeout_s = 0', "archive.timeout_s"),
        ('kind = "influx"\nbatch_points = 0', "archive.batch_points"),
        ('kind = "influx"\nin_flight = 17', "archive.in_flight"),
        ('kind = "influx"\npoints = 1', "archive.points"),
    ],
)
def test_a_fault_names_its_key(tmp_path: Path, text: str, key: str) -> None:
    """Each value is checked, and no key is unknown."""
    with pytest.raises(ConfigError) as caught:
        configured(tmp_path, text)
    assert key in str(caught.value)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('user = "a"\npassword_file = "nowhere"', "archive.password_file"),
        ('ca_file = "nowhere"', "archive.ca_file"),
        ('version = "2"\nbucket = "b"\ntoken_file = "nowhere"', "archive.token_file"),
    ],
)
def test_a_file_that_is_missing_is_named(tmp_path: Path, text: str, key: str) -> None:
    """`hub check` and `hub run` both say it."""
    settings = configured(tmp_path, f'kind = "influx"\n{text}')
    for check in (settings.check_archive, lambda: open_archive(settings)):
        with pytest.raises(ConfigError) as caught:
            check()
        assert key in str(caught.value)


def test_each_kind_opens(tmp_path: Path) -> None:
    """No server is asked: it may be down."""
    for text, kind, words in (
        ('kind = "embedded"', EmbeddedArchive, "embedded"),
        ('kind = "influx"\nurl = "http://127.0.0.1:1"', InfluxArchive, "InfluxDB at http://127.0.0.1:1, citynerve"),
    ):
        settings = configured(tmp_path, text)
        archive = open_archive(settings)
        assert isinstance(archive, kind)
        assert archive.remembered() == 0
        assert words in describe(settings)
        archive.close()


def test_secrets_come_from_files(tmp_path: Path) -> None:
    """The first line of each, and nothing of them in the config."""
    (tmp_path / "word").write_text("open sesame\n# of the hub\n", encoding="utf-8")
    place = influx_place(configured(tmp_path, 'kind = "influx"\nuser = "hub"\npassword_file = "word"'))
    assert (place.version, place.database, place.user, place.secret) == ("1", "citynerve", "hub", "open sesame")
    text = 'kind = "influx"\nversion = "2"\norg = "city"\nbucket = "b"\ntoken_file = "word"'
    place = influx_place(configured(tmp_path, text))
    assert (place.version, place.database, place.org, place.secret) == ("2", "b", "city", "open sesame")


def test_the_example_shows_every_key(tmp_path: Path) -> None:
    """And each value that it shows in a comment may be set."""
    part = EXAMPLE.partition("[archive]")[2].partition("\n[")[0]
    lines = [line.lstrip("# ") for line in part.splitlines() if "=" in line]
    for line in lines:
        key = line.partition(" ")[0]
        needs = {"password_file": 'user = "a"\n', "user": "", "token_file": 'version = "2"\nbucket = "b"\n'}
        needs |= {"bucket": 'version = "2"\n', "version": "", "org": ""}
        configured(tmp_path, needs.get(key, "") + line)
    assert len(lines) == 15


def test_who_looks_at_a_damaged_archive_leaves_it_where_it_is(tmp_path: Path) -> None:
    """A hub may be writing to it; its own reader sets it aside, when it starts."""
    config = tmp_path / "hub.toml"
    config.write_text('hub = "hub-1"\ndata = "."\n')
    settings = read_config(config)
    settings.archive.write_bytes(b"this is no database" * 1000)
    with pytest.raises(StoreDown, match="fills a new one from the journal"):
        open_archive(settings)
    assert settings.archive.read_bytes() == b"this is no database" * 1000
    open_archive(settings, mend=True).close()
    assert [path.name.startswith("archive.db.broken-") for path in tmp_path.glob("*.broken-*")] == [True]
