"""What the engine says: alarms, the transitions they make, and the named reason of each."""

import hashlib
from enum import StrEnum

import msgspec

from device_profiles.wire import Severity


class Kind(StrEnum):
    """What happened to an alarm."""

    RAISED = "raised"
    JOINED = "joined"  # recorded in the history of an occurrence; see Transition.told
    SOUNDED = "sounded"  # an alarm that was only recorded turns out to be recent: tell it now
    CLEARED = "cleared"  # by the facts
    CLOSED = "closed"  # by a person
    STALE = "stale"
    FRESH = "fresh"
    ACKED = "acked"
    REMINDED = "reminded"  # nobody has acknowledged it: told again
    LAPSED = "lapsed"  # the acknowledgement's time has run out: nobody has it any more
    SHELVE_ASKED = "shelve_asked"  # by one person; life-safety needs a second
    SHELVED = "shelved"
    UNSHELVED = "unshelved"
    SUPPRESSED = "suppressed"  # a cause explains it, or a maintenance window
    UNSUPPRESSED = "unsuppressed"
    OUT_OF_SERVICE = "out_of_service"
    IN_SERVICE = "in_service"
    CHATTERS = "chatters"  # came and went and came again within a minute: one alarm until it has been calm
    ESCALATED = "escalated"  # a step of its ladder was taken
    DISPATCHED = "dispatched"
    ARRIVED = "arrived"
    SAFE = "safe"  # the passenger is out, the place is safe; the alarm's end is another matter


class Reason(StrEnum):
    """Why it happened."""

    CONDITION_HELD = "condition_held"  # `when` held for `for`
    KEYS_AGREE = "keys_agree"  # so many keys of an asset or site as are needed, within the window of each other
    ONE_KEY = "one_key"  # one key of a site alone: a case to inspect; or it joins what is open near it
    KEY_LATE = "key_late"  # a key that came after the alarm of its site was closed
    CLEAR_HELD = "clear_held"  # the clear condition held for `clear`
    EVENT = "event"
    EVENT_LATE = "event_late"  # older than 5 minutes: recorded, not sounded
    EVENT_OVERTAKEN = "event_overtaken"  # the event that clears it had come first
    EVENT_AGAIN = "event_again"  # while it was open
    EVENT_RECENT = "event_recent"  # the first recent one of an alarm that was not sounded
    EVENT_BEFORE_CLEAR = "event_before_clear"  # belongs to the occurrence that has ended
    EVENT_MISSING = "event_missing"  # one that must come every so often did not
    EVENT_UNFILTERED = "event_unfiltered"  # any other event of the subject, until the alarm has ended
    UNACKNOWLEDGED = "unacknowledged"
    CLEAR_EVENT = "clear_event"
    CLEAR_BEFORE_EVENT = "clear_before_event"  # a clear that is older than what opened the alarm
    SILENCE = "silence"
    BACK = "back"
    UNBOUND = "unbound"  # no birth names the device any more
    ACT = "act"
    WILL = "will"
    FAREWELL = "farewell"  # the agent said itself that it goes
    BIRTH = "birth"
    EPOCH_BACK = "epoch_back"
    TWO_SESSIONS = "two_sessions"
    UNDELIVERED = "undelivered"  # a receiver could not be told within its time
    DELIVERED = "delivered"  # it was told again
    LEASE_EXPIRED = "lease_expired"
    SHELF_EXPIRED = "shelf_expired"
    CAUSE = "cause"  # another alarm explains it
    CAUSE_ENDED = "cause_ended"
    MAINTENANCE = "maintenance"
    MAINTENANCE_ENDED = "maintenance_ended"
    CHATTERING = "chattering"
    STEP_DUE = "step_due"


class ActReason(StrEnum):
    """Why a person acts; what else is to say goes into the note."""

    MAINTENANCE = "maintenance"
    NUISANCE = "nuisance"
    KNOWN_FAULT = "known_fault"
    TEST = "test"
    FALSE_CALL = "false_call"
    RESCUED = "rescued"
    REPAIRED = "repaired"
    INSPECTED = "inspected"
    TAKEN = "taken"  # somebody takes care of it
    OTHER = "other"


class Refusal(StrEnum):
    """Why a fact or an act has changed nothing; counted."""

    TIME_IN_FUTURE = "time_in_future"
    READING_LATE = "reading_late"
    FOREIGN_DEVICE = "foreign_device"  # bound to another agent
    TOO_MANY_DEVICES = "too_many_devices"  # without a birth
    BODY_UNREADABLE = "body_unreadable"
    PROFILE_UNREADABLE = "profile_unreadable"
    ACT_UNKNOWN = "act_unknown"
    ACT_NAMELESS = "act_nameless"  # nobody says who acts
    ACT_WITHOUT_ALARM = "act_without_alarm"
    ACT_REPEATED = "act_repeated"
    ACT_TOO_LONG = "act_too_long"  # shelved for longer than the policy lets
    ACT_BY_SAME = "act_by_same"  # the second person must be another one
    ACT_NEEDS_REASON = "act_needs_reason"  # such an alarm is closed for certain reasons only
    POLICY_UNREADABLE = "policy_unreadable"


class Refused(msgspec.Struct, frozen=True):
    """A fact or an act that changed nothing, and why."""

    offset: int
    subject: str
    reason: Refusal
    t_us: int


ASSET = "asset:"  # begins the subject of an asset's alarms; no area, device or agent has a colon in its name
SITE = "site:"  # begins the subject of a site's alarms; behind it the device round which the keys stand
REPORTED = "report:"  # begins the name of what a person has reported; behind it the offset of the act


class KeySeen(msgspec.Struct, frozen=True):
    """A key that has spoken for the alarm of a site, and where."""

    key: str  # its name in the rule
    device: str  # <area>/<device>, or report:<offset>
    since_us: int  # true since then, hub's clock
    at: tuple[float, float] | None = None  # latitude and longitude (WGS 84), None where the hub knows none
    asset: str = ""


Evidence = dict[str, dict[str, str]]  # device → what was kept of it (before, after, clip) → sha256


class Alarm(msgspec.Struct, frozen=True):
    """One occurrence of a rule on a subject, as it stands."""

    id: str
    rule: str
    subject: str  # <area>/<device>, <area>/<agent>, asset:<id>, site:<area>/<device> or receiver:<name>
    severity: Severity
    title: str
    area: str
    device: str  # "" when the subject is an agent, an asset or a site
    asset: str  # the register's id, "" when none is known
    digest: str  # of the profile under which it was opened, "" for a rule of the hub
    opened_offset: int
    t_fact_us: int  # when it became true, in the edge's time
    t_raised_us: int  # received time of the record that opened it
    reason: Reason  # why it was opened
    sounded: bool  # False: recorded and told in a digest only
    latched: bool  # cleared by a person's act only
    previous: str = ""  # id of the occurrence before
    remind_us: int = 0  # told again so often until it is acknowledged, then unfiltered until its end; 0: told once
    acknowledged: bool = False
    owner: str = ""  # who has acknowledged it and so takes care
    eta_us: int | None = None  # when the owner says help will be there
    lease_us: int | None = None  # until then the acknowledgement holds
    stale: bool = False
    shelved: bool = False
    out_of_service: bool = False
    suppressed_by: str = ""  # id of the alarm that explains it, or maintenance:NAME
    chattering: bool = False
    ladder: str = ""  # name of the ladder that was frozen for it
    level: str = ""  # of the step that was taken last
    t_cleared_us: int | None = None  # when it ended, in the edge's time; None while it is open
    areas: tuple[str, ...] = ()  # further ones that its asset belongs to, by the policy as it was raised
    # Unset, and not written, in what is no site's alarm: so that older journals give the same bytes.
    keys: tuple[KeySeen, ...] | msgspec.UnsetType = msgspec.UNSET
    evidence: Evidence | msgspec.UnsetType = msgspec.UNSET
    closes_with: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET  # a person may close it for these reasons only

    def within(self, prefix: str) -> bool:
        """Return whether it is told in an area or below it, by whole levels."""
        wanted = prefix.rstrip("/")
        return any(area == wanted or area.startswith(f"{wanted}/") for area in (self.area, *self.areas))

    @property
    def signs(self) -> tuple[KeySeen, ...]:
        """The keys that have spoken for it, when it is a site's."""
        return () if isinstance(self.keys, msgspec.UnsetType) else self.keys

    def may_close(self, because: str | None) -> bool:
        """Return whether a person may close it for this reason."""
        return isinstance(self.closes_with, msgspec.UnsetType) or because in self.closes_with

    @property
    def open(self) -> bool:
        """Whether it has not ended."""
        return self.t_cleared_us is None

    @property
    def quiet(self) -> bool:
        """Whether it calls nobody: it stands in the list with its flags."""
        return not self.sounded or self.shelved or self.out_of_service or bool(self.suppressed_by)

    @property
    def agent(self) -> str:
        """The agent that it is about, "" when it is about a device, an asset or the hub."""
        return "" if self.device or ":" in self.subject else self.subject.rpartition("/")[2]


class Transition(msgspec.Struct, frozen=True):
    """One step in the life of an alarm; (offset, n) is its identity."""

    offset: int  # of the record that brought it about
    n: int  # counted from 0 in that record
    kind: Kind
    reason: Reason
    t_fact_us: int
    t_us: int  # received time of the record
    alarm: Alarm  # as it stands afterwards
    detail: str = ""  # kind of the event, or who acted and why
    actor: str = ""  # the person who acted, "" when nobody did
    because: ActReason | None = None  # why the person acted
    to: tuple[str, ...] = ()  # receivers that this step of a ladder calls

    @property
    def told(self) -> bool:
        """Whether channels tell it. What only joins an alarm is told once somebody has taken one that reminds."""
        alarm = self.alarm
        return self.kind is not Kind.JOINED or bool(alarm.open and alarm.acknowledged and alarm.remind_us)

    @property
    def calls(self) -> bool:
        """Whether somebody is to be called for it; else it only changes the picture."""
        return self.told and (not self.alarm.quiet or self.kind is Kind.ESCALATED)

    @property
    def id(self) -> str:
        """The identity as text."""
        return f"{self.offset}-{self.n}"


_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder(Transition)


def encode_transition(transition: Transition) -> bytes:
    """Return canonical JSON: the same transition is always the same bytes."""
    return _encoder.encode(transition)


def decode_transition(body: bytes) -> Transition:
    """Return the transition of ``encode_transition``."""
    return _decoder.decode(body)


def alarm_id(rule: str, subject: str, offset: int, *, again: int = 0) -> str:
    """Return the id of the occurrence that ``offset`` opened; ``again`` tells a second one of the same record apart."""
    text = f"{rule}\n{subject}\n{offset}" + (f"\n{again}" if again else "")
    return hashlib.sha256(text.encode()).hexdigest()[:16]
