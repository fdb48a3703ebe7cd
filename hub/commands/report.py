"""``hub report``: what a person has seen, as a fact like any other."""

import re
import sys
from math import nan
from pathlib import Path
from typing import Annotated

import typer

from device_profiles.clock import clock_from_environment
from device_profiles.errors import ConfigError
from device_profiles.profile import load_profiles
from device_profiles.specs.key_spec import REPORTED
from device_profiles.wire import NAME_PATTERN
from hub.alarms.asked.named import is_device
from hub.alarms.city.places import LatLon
from hub.alarms.people.reports import MAX_TEXT, REPORT, Report, is_name, is_on_earth
from hub.alarms.rulebook.rules import PERSON_REPORT
from hub.commands import Config
from hub.config import Settings, read_config
from hub.data import present, read_database
from hub.errors import BadReport, NoActor
from hub.journal.records import MAX_ACTOR, Act, append_act
from hub.photos import keep_photo


def report(
    text: Annotated[str, typer.Argument(help="What was seen.")],
    area: Annotated[str, typer.Option(help="Where, such as hz/xiacheng/chaoming.")],
    actor: Annotated[str, typer.Option(help="Who says so.")],
    config: Config = Path("hub.toml"),
    asset: Annotated[str, typer.Option(help="Of which asset, by the register's id.")] = "",
    device: Annotated[str, typer.Option(help="Of which device in the area.")] = "",
    kind: Annotated[str, typer.Option(help="The kind of event, when rules ask for it.")] = "",
    at: Annotated[str | None, typer.Option(metavar="LAT,LON", help="Where exactly: degrees, WGS 84.")] = None,
    photo: Annotated[Path | None, typer.Option(help="A photograph, which is kept beside the data.")] = None,
) -> None:
    """Report what you have seen: it opens an alarm of a device or a case, and may be a key of a rule with keys."""
    settings = read_config(config)
    present(settings.journal)
    if not 0 < len(actor.strip()) <= MAX_ACTOR:
        raise NoActor(f"--actor is empty, or longer than {MAX_ACTOR} characters: a report has a name")
    made = Report(text, area, asset, kind, device=device, at=None if at is None else _position(at))
    _check(made)
    digest = keep_photo(photo, settings.photos) if photo is not None else ""
    row = Act(actor, REPORT, PERSON_REPORT, asset, text, area=area, kind=kind, photo=digest, device=device, at=made.at)
    record = append_act(settings.journal, row, now_us=clock_from_environment().wall_us())
    sys.stdout.write(f"recorded at {record.offset}; hub why {record.offset} says what came of it\n")
    if device and not _is_known(settings, f"{area}/{device}"):
        sys.stderr.write(f"hub: nothing is known of {area}/{device}: no alarm of a device follows\n")
    known = _kinds(settings) if kind else set()
    if known and kind not in known:
        people = ", ".join(sorted(one for one in known if one.startswith(REPORTED)))
        sys.stderr.write(f"hub: no rule asks for reports of kind {kind!r}; known: {people}\n")


def _is_known(settings: Settings, device: str) -> bool:
    if not settings.database.is_file():
        return False
    with read_database(settings.database) as connection:
        return is_device(connection, device)


def _kinds(settings: Settings) -> set[str]:
    """Return the kinds of events that rules ask for; none when the profiles cannot be read: what is recorded is."""
    try:
        profiles = load_profiles(settings.profiles).values()
    except ConfigError:
        return set()
    rules = [rule for profile in profiles for rule in profile.spec.alarms]
    return {kind for rule in rules for kind in (rule.on, *(key.on for key in rule.keys.values())) if kind is not None}


def _check(made: Report) -> None:
    """Raise BadReport with the option that makes it none."""
    if not made.text.strip() or len(made.text) > MAX_TEXT:
        raise BadReport(f"a report is 1 to {MAX_TEXT} characters, this one {len(made.text)}")
    for option, name in (("asset", made.asset), ("device", made.device)):
        if name and not (is_name(name) and name.isprintable()):  # the journal's older ones stay as they were judged
            raise BadReport(f"--{option} {name!r} is no name: one word without slash, colon and control characters")
    if made.kind and not re.match(NAME_PATTERN, made.kind):
        raise BadReport(f"--kind {made.kind!r} is no kind of an event, as person.reported_hole is")
    if not made.sound:
        raise BadReport(f"--area {made.area!r} is no city/district/street, as hz/xiacheng/chaoming is")


def _position(text: str) -> LatLon:
    """Return what --at says. Raises BadReport."""
    try:
        lat, lon = (float(part) for part in text.split(","))
    except ValueError:
        lat, lon = nan, nan
    if not is_on_earth((lat, lon)):
        raise BadReport(f"--at {text!r} is no LAT,LON in degrees, as 30.2501,120.1612 is")
    return lat, lon
