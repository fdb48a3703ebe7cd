"""Profiles: what a kind of device says, how it is read and when it is alarming, as data from one TOML file each."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from device_profiles.config import duration_us, parse_toml, read_text
from device_profiles.errors import ConfigError
from device_profiles.specs.condition import compared
from device_profiles.specs.dialect_spec import UNKNOWN_CODE, UNKNOWN_CODES, DialectFile, dialect_faults
from device_profiles.specs.key_spec import unknown_in
from device_profiles.specs.profile_spec import BoxLine, EventSpec, JudgeSpec, Liveness, ProfileSpec
from device_profiles.specs.replacement import BUILT_IN_ONE, replacement_faults
from device_profiles.specs.rule_faults import RESERVED, rules_faults
from device_profiles.specs.rule_spec import AlarmRule, Way
from device_profiles.specs.tier_spec import Retention, retention_faults
from device_profiles.specs.value_spec import (
    BIT_TABLES,
    WORDS,
    Block,
    Encoding,
    Latch,
    ModbusMap,
    Register,
    Table,
    ValueSpec,
    modbus_faults,
    value_faults,
)

__all__ = [
    "BIT_TABLES",
    "BUILT_IN",
    "RESERVED",
    "UNKNOWN_CODE",
    "UNKNOWN_CODES",
    "WORDS",
    "AlarmRule",
    "Block",
    "BoxLine",
    "Encoding",
    "EventSpec",
    "JudgeSpec",
    "Latch",
    "Liveness",
    "ModbusMap",
    "Profile",
    "ProfileSpec",
    "Register",
    "Retention",
    "Table",
    "ValueSpec",
    "Way",
    "load_profiles",
    "parse_profile",
]

BUILT_IN = Path(__file__).parent / "profiles"
_EXTENDS = re.compile(r"^\s*extends\s*=", re.MULTILINE)  # a file that is no profile but adds dialects to one


class Profile(msgspec.Struct, frozen=True):
    """A profile that was checked, with the text it came from."""

    spec: ProfileSpec
    text: str
    file: str
    added: dict[str, str] = {}  # dialect from a file of its own → sha256 of that file's text

    @property
    def kind(self) -> str:
        """The kind of device that it describes."""
        return self.spec.kind

    @property
    def digest(self) -> str:
        """The sha256 of its text, by which journal and birth name it."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def parse_profile(text: str, *, file: str) -> Profile:
    """Return the profile in TOML ``text``. Raises ConfigError with file and key."""
    spec = parse_toml(text, ProfileSpec, file=file)
    for key, message in _faults(spec):
        raise ConfigError(message, file=file, key=key)
    return Profile(spec, text, file)


def read_profile(path: Path) -> Profile:
    """Return the profile in a file. Raises ConfigError with file and key."""
    return parse_profile(read_text(path), file=str(path))


def load_profiles(folders: Iterable[Path] = ()) -> dict[str, Profile]:
    """Return kind → profile of the built-in ones and of every ``*.toml`` in ``folders``. Raises ConfigError.

    One of a folder may say that it replaces the built-in one of its kind.
    """
    profiles: dict[str, Profile] = {}
    additions: list[tuple[Path, str]] = []
    for folder in (BUILT_IN, *folders):
        if not folder.is_dir():
            raise ConfigError("is not a folder", file=str(folder))
        for path in sorted(folder.glob("*.toml")):
            text = read_text(path)
            if _EXTENDS.search(text):
                additions.append((path, text))
                continue
            profile = parse_profile(text, file=str(path))
            _check_place(profiles, profile)
            profiles[profile.kind] = profile
    for path, text in additions:
        profile = _with_dialects(profiles, text, file=str(path))
        profiles[profile.kind] = profile
    _check_assets(profiles)
    return profiles


def _check_place(profiles: Mapping[str, Profile], profile: Profile) -> None:
    """Check that a profile is the first of its kind, or may replace the built-in one. Raises ConfigError."""
    known = profiles.get(profile.kind)
    built_in = known is not None and Path(known.file).parent == BUILT_IN
    if profile.spec.replaces is not None and (known is None or Path(profile.file).parent == BUILT_IN):
        raise ConfigError(f"there is no built-in profile {profile.kind!r}", file=profile.file, key="replaces")
    if known is None:
        return
    if not built_in or profile.spec.replaces is None:
        hint = f'; `replaces = "{BUILT_IN_ONE}"` puts this one in its place' if built_in else ""
        message = f"{profile.kind!r} is already defined in {known.file}{hint}"
        raise ConfigError(message, file=profile.file, key="kind")
    for key, message in replacement_faults(profile.spec, known.spec):
        raise ConfigError(message, file=profile.file, key=key)


def _check_assets(profiles: Mapping[str, Profile]) -> None:
    """Check what the rules of assets and sites say of other profiles. Raises ConfigError."""
    values = {kind: frozenset(profile.spec.values) for kind, profile in profiles.items()}
    events = frozenset(kind for profile in profiles.values() for kind in profile.spec.events)
    known = {rule.rule for each in profiles.values() for rule in each.spec.alarms if rule.subject == "device"}
    named: dict[str, str] = {}  # an asset's or a site's rule → file
    for profile in profiles.values():
        for index, rule in enumerate(profile.spec.alarms):
            if rule.subject == "device":
                continue
            key = f"alarms[{index}]"
            for name in (rule.rule, *((rule.case.rule,) if rule.case is not None else ())):
                if name in named:
                    message = f"{name!r} is already defined in {named[name]}"
                    raise ConfigError(message, file=profile.file, key=f"{key}.rule")
                named[name] = profile.file
            for part, message in unknown_in(rule.keys, values=values, events=events):
                raise ConfigError(message, file=profile.file, key=f"{key}.{part}")
            for name in sorted(set(rule.folds) - known):
                raise ConfigError(f"no device has a rule {name!r}", file=profile.file, key=f"{key}.folds")


def _with_dialects(profiles: Mapping[str, Profile], text: str, *, file: str) -> Profile:
    """Return the profile that the dialect file in ``text`` extends, with its dialects; the rules' text stays."""
    addition = parse_toml(text, DialectFile, file=file)
    profile = profiles.get(addition.extends)
    if profile is None:
        known = ", ".join(sorted(profiles))
        raise ConfigError(f"unknown profile {addition.extends!r}; known: {known}", file=file, key="extends")
    for name in addition.dialects.keys() & profile.spec.dialects.keys():
        raise ConfigError(f"{profile.kind!r} has a dialect of this name already", file=file, key=f"dialects.{name}")
    spec = msgspec.structs.replace(profile.spec, dialects=addition.dialects)
    for key, message in _dialect_faults(spec):
        raise ConfigError(message, file=file, key=key)
    digest = hashlib.sha256(text.encode()).hexdigest()
    spec = msgspec.structs.replace(spec, dialects=profile.spec.dialects | addition.dialects)
    added = profile.added | dict.fromkeys(addition.dialects, digest)
    return Profile(spec, profile.text, profile.file, added)


def _faults(spec: ProfileSpec) -> Iterable[tuple[str, str]]:
    yield from modbus_faults(spec.modbus, spec.values)
    if spec.box is not None and not 0 < spec.box.rate_hz[0] <= spec.box.rate_hz[1]:
        yield "box.rate_hz", "must be two rates above 0, the lower first"
    yield from value_faults(spec.values)
    yield from _dialect_faults(spec)
    if duration_us(spec.liveness.silent_after) <= 0:
        yield "liveness.silent_after", "must be longer than 0"
    yield from retention_faults(spec.retention)
    yield from rules_faults(spec.alarms, values=spec.values, events=spec.events)
    yield from _compared_faults(spec)


def _compared_faults(spec: ProfileSpec) -> Iterable[tuple[str, str]]:
    """Yield a fault of each condition that compares a text with a number: it would be unknown for ever."""
    conditions = [
        (f"alarms[{index}]", text)
        for index, rule in enumerate(spec.alarms)
        if rule.subject == "device"
        for text in (*(way.when for way in rule.conditions), *([rule.clear_when] if rule.clear_when else []))
    ]
    latches = ((name, value.latch) for name, value in spec.values.items() if value.latch is not None)
    conditions += [(f"values.{name}.latch", text) for name, latch in latches for text in (latch.set, latch.reset)]
    for key, text in conditions:
        for name, constant in compared(text):
            value = spec.values.get(name)
            if value is not None and isinstance(constant, str) is not (value.type == "str"):
                yield key, f"{text!r} compares {name}, of type {value.type}, with {constant!r}: always unknown"


def _dialect_faults(spec: ProfileSpec) -> Iterable[tuple[str, str]]:
    return dialect_faults(
        spec.dialects, values=spec.values, events=spec.events, silent_after=spec.liveness.silent_after
    )
