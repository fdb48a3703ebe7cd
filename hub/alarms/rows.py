"""The engine's state as it is stored: one record for each device, agent and alarm."""

from collections.abc import Iterator

import msgspec

from device_profiles.wire import Binding, Value
from hub.alarms.city.places import LatLon
from hub.alarms.facts.offsets import BELIEVED, Offset
from hub.alarms.rulebook.timers import Timer, first_due
from hub.alarms.transitions import ASSET, ActReason, Alarm, Reason, Refusal


class Truths(msgspec.Struct, omit_defaults=True):
    """When one key of a rule of assets or sites was true of a device."""

    since_us: int | None = None  # true since then, on the agent's clock; None while it is not
    past: list[tuple[int, int]] = msgspec.field(default_factory=list)  # from, to, on the hub's clock
    evidence: str = ""  # what the device has kept of it last, as its value says


class DeviceState(msgspec.Struct, omit_defaults=True):
    """What the reading lane has told of one device."""

    area: str
    device: str
    agent: str  # key of the agent that speaks for it
    profile: str = ""  # "" before a birth
    asset: str = ""
    via: tuple[str, ...] = ()  # devices of its agent through which it senses
    base_us: int = 0  # when a birth bound it: it counts as silent from then on if it never speaks
    now_us: int | None = None  # now(d)
    epoch: int = 0  # of the pack that moved now(d)
    step: int = 0  # seq of the last ClockStep before it, 0 for none
    rebase: bool = False  # the clock was set: the next time is taken as it is
    dark: bool = False  # its values are unknown until it speaks again
    silent: bool = False  # it is shown as silent
    told: bool = False  # device.silent was raised for this silence
    values: dict[str, Value] = msgspec.field(default_factory=dict)
    timers: dict[str, Timer] = msgspec.field(default_factory=dict)
    next_us: int | None = None  # when the first of them is due
    elder: list[str] = msgspec.field(default_factory=list)  # rules open here under a text that is not in force
    keys: dict[str, Truths] = msgspec.field(default_factory=dict)  # of the rules of its asset and its sites
    used: dict[str, int] = msgspec.field(default_factory=dict)  # a site's rule → up to when it counts no more (hub's)
    heard: dict[str, int] = msgspec.field(default_factory=dict)  # kind of event that must come → when (hub's clock)
    shift_us: int = 0  # hub's clock minus agent's as now(d) moved last; kept only while keys are watched

    @property
    def key(self) -> str:
        """The subject of its alarms."""
        return f"{self.area}/{self.device}"

    def reckon(self) -> None:
        """Find the first due timer again, after timers have changed."""
        first = first_due(self.timers) if self.timers else None
        self.next_us = first[0] if first else None


def asset_key(asset: str) -> str:
    """Return the subject of an asset's alarms."""
    return f"{ASSET}{asset}"


class AssetState(msgspec.Struct, omit_defaults=True):
    """What is pending on an asset that has been alarming. Its times are on the hub's clock."""

    area: str
    asset: str  # the register's id
    silent: bool = False  # a member is shown as silent
    timers: dict[str, Timer] = msgspec.field(default_factory=dict)  # rule → when its open alarm clears

    @property
    def key(self) -> str:
        """The subject of its alarms."""
        return asset_key(self.asset)


class ReportState(msgspec.Struct, omit_defaults=True):
    """What a person has reported, which may be a key where it was seen."""

    key: str  # report:<offset>
    kind: str  # of event
    area: str
    t_us: int  # hub's clock
    at: LatLon | None = None
    asset: str = ""
    used: dict[str, int] = msgspec.field(default_factory=dict)  # as of a device


class HubPart(msgspec.Struct, frozen=True):
    """A part of the hub that alarms; nothing is kept of it but its occurrences."""

    area: str
    key: str  # the subject of its alarms
    asset: str = ""
    silent: bool = False


class AgentState(msgspec.Struct, omit_defaults=True):
    """What the packs have told of one agent."""

    area: str
    agent: str
    offset: Offset = msgspec.field(default_factory=Offset)
    lanes: dict[str, int] = msgspec.field(default_factory=dict)  # lane → greatest live epoch
    epoch: int = 0  # the greatest of them
    boot: str = ""  # of that epoch
    begun_us: int | None = None  # sent time of that epoch's first own pack
    step_epoch: int = 0  # where on the reading lane its clock was set last
    step_seq: int = 0
    status_epoch: int = 0  # of the newest birth
    status_seq: int = 0
    bound: tuple[Binding, ...] = ()  # the devices that it named

    @property
    def key(self) -> str:
        """The subject of its alarms."""
        return f"{self.area}/{self.agent}"


class Mark(msgspec.Struct, frozen=True, omit_defaults=True):
    """An instant on an agent's clock; epochs order what a clock that went back would mix up."""

    agent: str
    epoch: int
    t_us: int
    seq: int = 0  # of the pack on the event lane that told of it, 0 for none
    sent_us: int = 0  # of that pack

    def before(self, other: "Mark") -> bool:
        """Return whether this is earlier; epochs of different agents say nothing.

        A pack that was made behind another one and sent before the time in it was sent by a clock that had been set
        back: the lane of readings, which tells of that, may be far behind.
        """
        if self.agent != other.agent:
            return self.t_us < other.t_us
        if self.epoch == other.epoch and self.seq > other.seq > 0 and self.sent_us < other.t_us:
            return False
        return (self.epoch, self.t_us) < (other.epoch, other.t_us)


class Shelf(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who has put the alarms of a rule on a subject aside, and for how long. Times on the hub's clock."""

    actor: str
    because: ActReason
    until_us: int | None = None  # None: for the occurrence at hand
    second: str = ""  # the other person, for life-safety
    out: bool = False  # what was asked for: out of service
    for_us: int | None = None  # for how long, of a shelf that was asked for; None: for the occurrence at hand


class Calm(msgspec.Struct, frozen=True):
    """The end of a chattering alarm, held back until it has been calm."""

    mark: Mark
    reason: Reason
    detail: str
    due_us: int


class DueStep(msgspec.Struct, frozen=True, omit_defaults=True):
    """A step of a frozen ladder that is still to come."""

    due_us: int  # hub's clock
    level: str
    to: tuple[str, ...]
    unless: str = ""


class Occurrence(msgspec.Struct, omit_defaults=True):
    """The open or the last alarm of a rule on a subject, and the marks that place late events."""

    rule: str
    subject: str
    alarm: Alarm | None = None  # None: an event that clears was seen before any that opens
    opened: Mark | None = None  # the newest event that opened or joined it
    cleared: Mark | None = None  # the end of the last alarm
    released: Mark | None = None  # the newest event that clears, seen while nothing was open
    told_us: int = 0  # when it was told last, hub's clock; of an alarm that reminds
    shelf: Shelf | None = None  # also for the occurrences to come
    asked: Shelf | None = None  # by one person, while a second one is awaited until its until_us
    out_of_service: str = ""  # who took it out of service
    freed_us: int | None = None  # when what suppresses it no longer does
    turns: list[int] = msgspec.field(default_factory=list)  # when it was raised and cleared, within CHATTER_US
    calm: Calm | None = None
    steps: tuple[DueStep, ...] = ()
    later: tuple[tuple[str, str], ...] = ()  # (key, device) of what came after a site's alarm was closed
    stages: dict[str, int] = msgspec.field(default_factory=dict)  # what has been reported → when

    @property
    def deadlines(self) -> Iterator[int]:
        """What the ticks have to look after."""
        alarm = self.alarm
        if self.asked is not None and self.asked.until_us is not None:
            yield self.asked.until_us
        if self.shelf is not None and self.shelf.until_us is not None:
            yield self.shelf.until_us
        if alarm is None or not alarm.open:
            return
        if alarm.acknowledged and alarm.lease_us is not None:
            yield alarm.lease_us
        if self.freed_us is not None:
            yield self.freed_us
        if self.calm is not None:
            yield self.calm.due_us
        if self.steps:
            yield self.steps[0].due_us

    @property
    def reminds(self) -> bool:
        """Whether it is to be told again until somebody acknowledges it."""
        alarm = self.alarm
        return alarm is not None and bool(alarm.open and alarm.remind_us and not alarm.quiet and not alarm.acknowledged)

    @property
    def open(self) -> bool:
        """Whether there is an open alarm."""
        return self.alarm is not None and self.alarm.open


class HubState(msgspec.Struct, omit_defaults=True):
    """What concerns no device: the ticks, and the counts of what was refused."""

    tick_us: int | None = None  # the last tick
    listening_us: int = 0  # since then, ticks have come without a gap
    windows: tuple[str, ...] = ()  # maintenance windows that were open at the last tick
    refused: dict[Refusal, int] = msgspec.field(default_factory=dict)
    clock: str = ""  # who keeps the hub's clock right, by the last tick

    @property
    def true_time(self) -> bool:
        """Whether the hub's clock is kept right: only then an agent's word of its own clock means anything."""
        return self.clock in BELIEVED
