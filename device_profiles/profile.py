"""Profiles: what a kind of device says, how it is read and when it is alarming, as data from one TOML file each."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from device_profiles.condition import Condition, ConditionError
from device_profiles.config import Duration, duration_us, parse_toml
from device_profiles.dialect_spec import Dialect, DialectFile, Field, path_faults
from device_profiles.errors import ConfigError
from device_profiles.key_spec import Key, key_faults, unknown_in
from device_profiles.wire import Name, Severity

_LEAST_REMIND_US = 1_000_000
BUILT_IN = Path(__file__).parent / "profiles"
UNKNOWN_CODE = "device.unknown_code"  # the Event of a code that a dialect does not know
UNKNOWN_CODES = "unknown_codes"  # the value that counts them
_EXTENDS = re.compile(r"^\s*extends\s*=", re.MULTILINE)  # a file that is no profile but adds dialects to one

Table = Literal["discrete_input", "coil", "input_register", "holding_register"]
BIT_TABLES: frozenset[Table] = frozenset({"discrete_input", "coil"})
Encoding = Literal["u16", "s16", "u32", "s32", "f32"]  # 32 bits: high word first
WORDS: dict[Encoding, int] = {"u16": 1, "s16": 1, "u32": 2, "s32": 2, "f32": 2}
RESERVED = ("device.", "agent.")  # rules that the hub makes itself begin so
_MAX_COUNT = {True: 2000, False: 125}  # Modbus application protocol V1.1b3, 6.1-6.4: bits, registers in one request

_Positive = Annotated[int, msgspec.Meta(ge=1)]
_Offset = Annotated[int, msgspec.Meta(ge=0, le=65_535)]


class Block(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Registers or bits that are read with one request."""

    table: Table
    address: _Offset  # of the first, counted from 0 as on the wire
    count: _Positive
    every: Duration = "1s"  # aim; the line's budget may stretch it. Of no effect in a scan
    scan: bool = False  # part of the alarm scan, which goes before every other block


class ModbusMap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a slave of this kind is read over Modbus."""

    blocks: dict[Name, Block]
    answer: Duration = "40ms"  # a healthy slave begins its answer within this: the time-out
    latest: Duration = "150ms"  # no answer comes later than this: how long a line is drained after a time-out


class Register(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where in a block a value stands."""

    block: Name
    at: _Offset  # bits or registers after the block's address
    encoding: Encoding = "u16"  # of no effect in a table of bits
    scale: float = 1.0  # value = raw × scale
    unknown: tuple[int, ...] = ()  # raw numbers by which the device says that it does not know
    invert: bool = False  # a bit whose 0 means true


class Latch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A value that the edge keeps itself: true since ``set`` was true, false since ``reset`` was."""

    set: str  # condition over the other values
    reset: str  # goes before ``set``; unknown in either makes the value unknown


class ValueSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One value that a kind of device says."""

    type: Literal["bool", "int", "float", "str"]
    description: str
    unit: str = ""
    range: tuple[float, float] | None = None  # inclusive; outside it the value is unknown
    deadband: Annotated[float, msgspec.Meta(ge=0)] = 0.0  # a change up to this is none
    period: Duration = "60s"  # said again after this even when unchanged
    modbus: Register | None = None
    latch: Latch | None = None
    names: dict[str, str] = {}  # number → what it means, for people


class BoxLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a box of this kind, which streams by itself over a serial line, is understood (docs/lifts.md)."""

    rate_hz: tuple[float, float] = (10.0, 100.0)  # inclusive; a box that says another rate is not believed
    model: str = ""  # in models.toml; empty: thresholds alone


class EventSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of Event that the edge makes for this kind of device."""

    severity: Severity
    description: str


class JudgeSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which judge turns the readings into events, and its limits; the judge checks the names of the limits."""

    name: Name
    limits: dict[str, Duration | float] = {}


class Way(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of several ways to the same alarm: a condition, and how long it must hold."""

    when: str
    hold: Duration = msgspec.field(name="for", default="0s")


class AlarmRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a device is alarming (ALARMS.md): on an event or when a condition holds; or when an asset is, by keys."""

    rule: Name
    severity: Severity
    title: str
    on: Name | None = None  # kind of the Event that opens it
    until: tuple[Name, ...] = ()  # kinds of Events that clear it
    when: str | None = None  # condition that opens it once it has held for `for`
    hold: Duration = msgspec.field(name="for", default="0s")
    ways: tuple[Way, ...] = ()  # instead of `when` and `for`: any of these opens it
    clear_when: str | None = None  # condition that clears it once it has held for `clear`; default: not (when)
    clear: Duration = "0s"
    latch: bool = False  # cleared by a person's act only
    remind: Duration | None = None  # told again so often until acknowledged, then unfiltered until its end (EN 81-28)
    missing: Name | None = None  # kind of an Event whose absence opens it, and which clears it
    every: Duration | None = None  # it must come at least so often
    subject: Literal["device", "asset"] = "device"  # whose alarm it is; an asset's is decided by keys (ALARMS.md, 14)
    keys: dict[Name, Key] = {}  # what may agree that an asset is alarming
    need: Annotated[int, msgspec.Meta(ge=1)] | None = None  # so many of the keys must agree
    within: Duration | None = None  # and be true within this of each other, in event time

    @property
    def conditions(self) -> tuple[Way, ...]:
        """Every condition that opens it, with its time; none for a rule on an event."""
        return self.ways or ((Way(self.when, self.hold),) if self.when is not None else ())

    @property
    def for_us(self) -> int:
        """Microseconds that ``when`` must hold."""
        return duration_us(self.hold)

    @property
    def clear_us(self) -> int:
        """Microseconds that the clear condition must hold."""
        return duration_us(self.clear)

    @property
    def remind_us(self) -> int:
        """Microseconds between two tellings while nobody has acknowledged it, 0 for one telling."""
        return duration_us(self.remind) if self.remind is not None else 0

    @property
    def every_us(self) -> int:
        """Microseconds after which ``missing`` is missing."""
        return duration_us(self.every) if self.every is not None else 0

    @property
    def clear_text(self) -> str:
        """The clear condition's text; only for a rule with ``when``."""
        return self.clear_when if self.clear_when is not None else f"not ({self.when})"


class Liveness(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a device of this kind counts as silent, and how bad that is."""

    silent_after: Duration
    severity: Severity = "major"


class ProfileSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of a profile's file."""

    kind: Name
    title: str
    values: dict[Name, ValueSpec]
    liveness: Liveness
    vendor: str = ""
    source: str = ""  # the standard or document that it follows
    modbus: ModbusMap | None = None
    box: BoxLine | None = None
    judge: JudgeSpec | None = None
    events: dict[Name, EventSpec] = {}
    dialects: dict[Name, Dialect] = {}  # how platforms say these values, by name
    alarms: tuple[AlarmRule, ...] = ()


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


def load_profiles(folders: Iterable[Path] = ()) -> dict[str, Profile]:
    """Return kind → profile of the built-in ones and of every ``*.toml`` in ``folders``. Raises ConfigError."""
    profiles: dict[str, Profile] = {}
    additions: list[tuple[Path, str]] = []
    for folder in (BUILT_IN, *folders):
        if not folder.is_dir():
            raise ConfigError("is not a folder", file=str(folder))
        for path in sorted(folder.glob("*.toml")):
            try:
                text = path.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise ConfigError(f"cannot be read: {error}", file=str(path)) from error
            if _EXTENDS.search(text):
                additions.append((path, text))
                continue
            profile = parse_profile(text, file=str(path))
            known = profiles.get(profile.kind)
            if known is not None:
                raise ConfigError(f"{profile.kind!r} is already defined in {known.file}", file=str(path), key="kind")
            profiles[profile.kind] = profile
    for path, text in additions:
        profile = _with_dialects(profiles, text, file=str(path))
        profiles[profile.kind] = profile
    _check_assets(profiles)
    return profiles


def _check_assets(profiles: Mapping[str, Profile]) -> None:
    """Check what the rules of assets say of other profiles. Raises ConfigError."""
    values = {kind: frozenset(profile.spec.values) for kind, profile in profiles.items()}
    events = frozenset(kind for profile in profiles.values() for kind in profile.spec.events)
    named: dict[str, str] = {}  # an asset's rule → file
    for profile in profiles.values():
        for index, rule in enumerate(profile.spec.alarms):
            if rule.subject != "asset":
                continue
            key = f"alarms[{index}]"
            if rule.rule in named:
                message = f"{rule.rule!r} is already defined in {named[rule.rule]}"
                raise ConfigError(message, file=profile.file, key=f"{key}.rule")
            named[rule.rule] = profile.file
            for part, message in unknown_in(rule.keys, values=values, events=events):
                raise ConfigError(message, file=profile.file, key=f"{key}.{part}")


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
    yield from _modbus_faults(spec)
    if spec.box is not None and not 0 < spec.box.rate_hz[0] <= spec.box.rate_hz[1]:
        yield "box.rate_hz", "must be two rates above 0, the lower first"
    for name, value in spec.values.items():
        if value.range is not None and value.range[0] > value.range[1]:
            yield f"values.{name}.range", "the first number is greater than the second"
        if value.latch is not None:
            yield from _latch_faults(name, value, spec)
    yield from _dialect_faults(spec)
    if duration_us(spec.liveness.silent_after) <= 0:
        yield "liveness.silent_after", "must be longer than 0"
    rules: set[str] = set()
    for index, rule in enumerate(spec.alarms):
        if rule.rule in rules:
            yield f"alarms[{index}].rule", f"{rule.rule!r} is defined twice"
        if rule.rule.startswith(RESERVED):
            yield (
                f"alarms[{index}].rule",
                f"{rule.rule!r}: what begins with {' or '.join(RESERVED)} is the hub's own",
            )
        rules.add(rule.rule)
        for key, message in _rule_faults(rule, spec):
            yield f"alarms[{index}].{key}", message


def _modbus_faults(spec: ProfileSpec) -> Iterable[tuple[str, str]]:
    blocks: Mapping[str, Block] = spec.modbus.blocks if spec.modbus else {}
    if spec.modbus is not None:
        if not blocks:
            yield "modbus.blocks", "is empty: nothing would be read"
        if duration_us(spec.modbus.latest) < duration_us(spec.modbus.answer):
            yield "modbus.latest", "is shorter than `answer`: a late answer could pass as another value"
    for name, block in blocks.items():
        if block.count > _MAX_COUNT[block.table in BIT_TABLES] or block.address + block.count > 65_536:
            yield f"modbus.blocks.{name}.count", f"{block.count} at {block.address} is more than one request can read"
    for name, value in spec.values.items():
        if value.modbus is None:
            continue
        key = f"values.{name}.modbus"
        found = blocks.get(value.modbus.block)
        if found is None:
            yield f"{key}.block", f"{value.modbus.block!r} is not in modbus.blocks"
            continue
        bits = found.table in BIT_TABLES
        if bits is not (value.type == "bool"):
            yield f"{key}.block", f"a {value.type} cannot stand in {found.table} block {value.modbus.block!r}"
        if value.modbus.at + (1 if bits else WORDS[value.modbus.encoding]) > found.count:
            yield f"{key}.at", f"{value.modbus.at} lies outside block {value.modbus.block!r} of {found.count}"


def _latch_faults(name: str, value: ValueSpec, spec: ProfileSpec) -> Iterable[tuple[str, str]]:
    assert value.latch is not None
    if value.type != "bool" or value.modbus is not None:
        yield f"values.{name}.latch", "belongs to a bool that nothing else says"
    others = spec.values.keys() - {name}
    for key, text in (("set", value.latch.set), ("reset", value.latch.reset)):
        yield from _condition_faults(f"values.{name}.latch.{key}", text, others)


def _dialect_faults(spec: ProfileSpec) -> Iterable[tuple[str, str]]:
    for name, dialect in spec.dialects.items():
        key = f"dialects.{name}"
        yield from ((f"{key}.{part}", message) for part, message in path_faults(dialect))
        if not 0 < 2 * duration_us(dialect.keep_alive) <= duration_us(spec.liveness.silent_after):
            yield (
                f"{key}.keep_alive",
                "must be above 0 and at most half of liveness.silent_after: a message may be lost",
            )
        for value, field in dialect.values.items():
            yield from ((f"{key}.values.{value}{part}", message) for part, message in _field_faults(value, field, spec))
    if spec.dialects and (UNKNOWN_CODES not in spec.values or spec.values[UNKNOWN_CODES].type != "int"):
        yield f"values.{UNKNOWN_CODES}", "a profile with dialects counts the codes that nobody knows in this int"
    if spec.dialects and UNKNOWN_CODE not in spec.events:
        yield f'events."{UNKNOWN_CODE}"', "a profile with dialects tells of codes that nobody knows by this event"


def _field_faults(name: str, field: Field, spec: ProfileSpec) -> Iterable[tuple[str, str]]:
    value = spec.values.get(name)
    if value is None:
        yield "", f"{name!r} is not in values"
        return
    if value.latch is not None:
        yield "", "is kept by the edge itself (latch)"
    if field.codes and (f"{name}_raw" not in spec.values or spec.values[f"{name}_raw"].type != "str"):
        yield ".codes", f"the raw code is kept beside the canonical one: add the str `{name}_raw` to values"
    for code, canonical in field.codes.items():
        if code in field.unknown:
            yield ".unknown", f"{code!r} is in codes too"
        if type(canonical).__name__ != value.type and not (value.type == "float" and type(canonical) is int):
            yield f".codes.{code}", f"{canonical!r} is no {value.type}"
        elif (
            value.range is not None
            and type(canonical) is not str
            and not value.range[0] <= float(canonical) <= value.range[1]
        ):
            yield f".codes.{code}", f"{canonical!r} is outside the range of {name}"


def _condition_faults(key: str, text: str, names: Iterable[str]) -> Iterable[tuple[str, str]]:
    try:
        used = Condition(text).names
    except ConditionError as error:
        yield key, str(error)
        return
    for name in sorted(used - set(names)):
        yield key, f"{name!r} is not in values"


def _asset_faults(rule: AlarmRule) -> Iterable[tuple[str, str]]:
    for key in ("on", "until", "when", "ways", "clear_when"):
        if getattr(rule, key):
            yield key, "belongs to the alarm of a device; that of an asset has `keys`"
    if rule.for_us:
        yield "for", "belongs to `when`; keys agree or they do not"
    if rule.need is None or rule.need > len(rule.keys):
        yield "need", f"say how many of the {len(rule.keys)} keys must agree"
    if rule.within is None:
        yield "within", "say how near to each other, in event time, the keys must be true"
    yield from key_faults(rule.keys)
    if not rule.latch and all(key.on is not None for key in rule.keys.values()):
        yield "latch", "events alone do not tell that it is over: set latch = true"


def _missing_faults(rule: AlarmRule, spec: ProfileSpec) -> Iterable[tuple[str, str]]:
    if rule.missing not in spec.events:
        yield "missing", f"{rule.missing!r} is not in events"
    if rule.every_us <= 0:
        yield "every", "must be longer than 0"
    if rule.until or rule.clear_when is not None or rule.for_us or rule.clear_us or rule.latch:
        yield "missing", "what it waits for clears it: it has no `until`, `for`, `clear_when`, `clear` or `latch`"


def _rule_faults(rule: AlarmRule, spec: ProfileSpec) -> Iterable[tuple[str, str]]:
    if rule.subject == "asset":
        yield from _asset_faults(rule)
        return
    for key in ("keys", "need", "within"):
        if getattr(rule, key):
            yield key, 'belongs to the alarm of an asset: set subject = "asset"'
    if rule.remind is not None and rule.remind_us < _LEAST_REMIND_US:
        yield "remind", "must be at least 1s: it is told at the ticks of the hub"
    if sum((rule.on is not None, rule.when is not None, bool(rule.ways), rule.missing is not None)) != 1:
        yield (
            "on",
            "a rule has one of `on` (an event), `when` (a condition), `ways` (conditions) and `missing` (an event)",
        )
        return
    if (rule.missing is None) is not (rule.every is None):
        yield "every", "belongs to `missing`, which needs it"
        return
    if rule.missing is not None:
        yield from _missing_faults(rule, spec)
        return
    if rule.on is not None:
        for key, kinds in (("on", (rule.on,)), ("until", rule.until)):
            for kind in kinds:
                if kind not in spec.events:
                    yield key, f"{kind!r} is not in events"
        if rule.clear_when is not None or rule.for_us or rule.clear_us:
            yield "on", "`for`, `clear_when` and `clear` belong to `when`; the edge has confirmed an event already"
        if not rule.until and not rule.latch:
            yield "until", "name the events that clear it, or set latch = true"
        return
    if rule.until:
        yield "until", "belongs to `on`; use clear_when"
    if rule.ways and (rule.clear_when is None or rule.for_us):
        yield "clear_when" if rule.clear_when is None else "for", "`ways` have their own `for`, and need a clear_when"
        return
    for index, way in enumerate(rule.conditions):
        yield from _condition_faults(f"ways[{index}].when" if rule.ways else "when", way.when, spec.values)
    yield from _condition_faults("clear_when", rule.clear_text, spec.values)
