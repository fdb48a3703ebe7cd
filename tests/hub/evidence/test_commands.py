"""``hub evidence`` and ``hub audit evidence``: a person fetches, looks and takes copies, and each is written down."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from device_profiles.evidence import read_key
from hub.backup import back_up, restore
from hub.cli import app
from hub.errors import NoActor, NoSuchAlarm
from hub.evidence.fetcher import hub_shelf
from tests.hub.evidence.holding import AGENT, CONTENTS, Holding, Hub
from tests.hub.made import T0_US


def run(hub: Hub, *words: str) -> Result:
    """Run a hub command."""
    return CliRunner().invoke(app, [*words], env={"CITYNERVE_HUB_CONFIG": str(hub.file)})


def test_a_person_fetches_and_it_is_audited(holding: Holding, make_hub: Callable[..., Hub], tmp_path: Path) -> None:
    """Also of an alarm that is not life, without a hub that runs; again: it is here. A copy is written down too."""
    hub = make_hub()
    made = hub.raise_alarm(holding.words, severity="major")
    assert "not here  never fetched" in run(hub, "evidence", "list").output
    first = run(hub, "evidence", "fetch", made.id, "--actor", "wang")
    assert (first.exit_code, first.output.count("kept")) == (0, 3)
    again = run(hub, "evidence", "fetch", made.id, "--actor", "li")
    assert (again.exit_code, again.output.count("present")) == (0, 3)
    found = json.loads(run(hub, "evidence", "list", "--json", "--alarm", made.id).output)
    assert {each["part"]: each["here"] for each in found} == {"before": True, "after": True, "clip": True}
    shown = run(hub, "evidence", "show", made.id, "--save", str(tmp_path / "copies"), "--actor", "chen")
    assert shown.output.count("chen: saved") == 3
    copies = {path.name.split(".", 3)[-1]: path.read_bytes() for path in (tmp_path / "copies").iterdir()}
    assert copies == {
        f"road-1-east.before.{made.id}.jpg": CONTENTS["before"],
        f"road-1-east.after.{made.id}.jpg": CONTENTS["after"],
        f"road-1-east.clip.{made.id}.avi": CONTENTS["clip"],
    }
    audit = json.loads(run(hub, "audit", "evidence", "--json").output)
    said = [(each["fetched"]["actor"], each["fetched"]["result"]) for each in audit]
    assert said == [*[("wang", "kept")] * 3, *[("li", "present")] * 3, *[("chen", "saved")] * 3]
    assert {each["fetched"]["digest"] for each in audit} == set(holding.words.values())
    assert run(hub, "audit", "evidence").output.count("wang") == 3


def test_who_has_no_name_takes_nothing(holding: Holding, make_hub: Callable[..., Hub]) -> None:
    """Neither by fetching nor by copying; an alarm without evidence is named."""
    hub = make_hub()
    made = hub.raise_alarm(holding.words)
    assert isinstance(run(hub, "evidence", "fetch", made.id, "--actor", " ").exception, NoActor)
    assert isinstance(run(hub, "evidence", "show", made.id, "--save", "copies").exception, NoActor)
    assert "wang" not in run(hub, "audit", "evidence").output


@pytest.mark.parametrize("words", [("list", "--alarm"), ("list", "--json", "--alarm"), ("show",), ("fetch",)])
def test_an_alarm_that_nobody_knows_is_no_empty_answer(make_hub: Callable[..., Hub], words: tuple[str, ...]) -> None:
    """It is said, with exit 1, by each of them alike; one that names no evidence is said to name none."""
    hub = make_hub()
    made = hub.raise_alarm({})
    actor = ("--actor", "wang") if words == ("fetch",) else ()
    unknown = run(hub, "evidence", *words, "nope", *actor).exception
    assert isinstance(unknown, NoSuchAlarm)
    assert "no alarm 'nope': see `hub alarm list`" in str(unknown)
    named = run(hub, "evidence", *words, made.id, *actor)
    assert f"alarm {made.id} names no evidence" in f"{named.exception}{named.output}" or named.output == "[]\n"


def test_what_is_missing_is_a_failure(holding: Holding, make_hub: Callable[..., Hub]) -> None:
    """Exit 1, and the rest came."""
    hub = make_hub()
    made = hub.raise_alarm(holding.words | {"clip": "0" * 64})
    done = run(hub, "evidence", "fetch", made.id, "--actor", "wang")
    assert done.exit_code == 1
    assert "clip 000000000000: gone" in done.output


def test_a_key_is_made_for_an_agent(holding: Holding, make_hub: Callable[..., Hub]) -> None:
    """A file of its own that only its owner may read; again: another one."""
    hub = make_hub()
    first = Path(run(hub, "evidence", "key", AGENT).output.strip())
    assert first.stat().st_mode & 0o077 == 0
    key = read_key(first)
    assert Path(run(hub, "evidence", "key", AGENT).output.strip()) == first
    assert read_key(first) != key
    assert run(hub, "evidence", "key", "nowhere").exit_code != 0


def test_a_backup_has_the_evidence(holding: Holding, make_hub: Callable[..., Hub], tmp_path: Path) -> None:
    """Whole files under their digests, and nothing else of that folder."""
    hub = make_hub()
    made = hub.raise_alarm(holding.words)
    run(hub, "evidence", "fetch", made.id, "--actor", "wang")
    (hub.settings.evidence / ".half").write_bytes(b"half")
    back_up(hub.settings.data, tmp_path / "backup", hub="xiacheng", now_us=1)
    restore(tmp_path / "backup", tmp_path / "again")
    again = {path.name: path.read_bytes() for path in (tmp_path / "again" / "evidence").iterdir()}
    assert again == {digest: CONTENTS[part] for part, digest in holding.words.items()}


def test_a_second_copy_overwrites_no_first(holding: Holding, make_hub: Callable[..., Hub], tmp_path: Path) -> None:
    """Two alarms of one camera, copied into one folder: the pictures of both are there."""
    hub = make_hub()
    alarms = [
        hub.raise_alarm({"before": holding.words[part]}, number) for number, part in ((1, "before"), (2, "after"))
    ]
    for made in alarms:
        assert run(hub, "evidence", "fetch", made.id, "--actor", "wang").exit_code == 0
        run(hub, "evidence", "show", made.id, "--save", str(tmp_path / "copies"), "--actor", "chen")
    copies = [path.read_bytes() for path in (tmp_path / "copies").iterdir()]
    assert sorted(copies) == sorted([CONTENTS["before"], CONTENTS["after"]])


def test_what_is_not_here_is_not_said_to_be_copied(
    holding: Holding, make_hub: Callable[..., Hub], tmp_path: Path
) -> None:
    """Neither what never came nor what was damaged since: exit 1 and each by name, and the rest is copied."""
    hub = make_hub()
    made = hub.raise_alarm(holding.words)
    copies = tmp_path / "copies"
    nothing = run(hub, "evidence", "show", made.id, "--save", str(copies), "--actor", "chen")
    assert (nothing.exit_code, nothing.stderr.count("was not copied"), copies.exists()) == (1, 3, False)
    assert run(hub, "evidence", "fetch", made.id, "--actor", "wang").exit_code == 0
    (hub.settings.evidence / holding.words["clip"]).write_bytes(b"RIFF half")
    rest = run(hub, "evidence", "show", made.id, "--save", str(copies), "--actor", "chen")
    assert (rest.exit_code, rest.stderr.count("was not copied"), len(list(copies.iterdir()))) == (1, 1, 2)


def test_times_are_for_people_and_texts_change_no_terminal(holding: Holding, make_hub: Callable[..., Hub]) -> None:
    """With the day and the zone; whoever fetched it under whatever name. Of what is not here there is no path."""
    hub = make_hub()
    made = hub.raise_alarm(holding.words | {"clip": "0" * 64})
    run(hub, "evidence", "fetch", made.id, "--actor", "wang\x1b[2J")
    for words in (("show", made.id), ("list",)):
        assert "wang\\x1b[2J" in run(hub, "evidence", *words).stdout
    assert re.search(r"  20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} UTC wang", run(hub, "evidence", "show", made.id).stdout)
    found = json.loads(run(hub, "evidence", "show", made.id, "--json").stdout)
    assert [each["here"] for each in found] == [each["path"] != "" for each in found] == [True, True, False]


def test_a_persons_fetch_spares_what_open_alarms_name(holding: Holding, make_hub: Callable[..., Hub]) -> None:
    """Room is made of what has ended, though it is newer."""
    hub = make_hub('max_bytes = "10MB"')
    shelf = hub_shelf(hub.settings)
    contents = [bytes([number]) * 4_900_000 for number in (1, 2)]
    held = [shelf.put(content, now_us=T0_US + number) for number, content in enumerate(contents)]
    hub.raise_alarm({"before": held[0]}, 1)
    hub.raise_alarm({"before": held[1]}, 2, t_cleared_us=T0_US)
    wanted = holding.shelf.put(b"\xff\xd8" + bytes(300_000), now_us=T0_US)
    made = hub.raise_alarm({"before": wanted}, 3)
    assert run(hub, "evidence", "fetch", made.id, "--actor", "wang").exit_code == 0
    assert [digest in shelf for digest in (*held, wanted)] == [True, False, True]
