"""The feed of one platform: each message becomes a Sample of its device or a refusal that is counted and told."""

import logging
from collections.abc import Mapping, Sequence

import msgspec

from device_profiles.clock import Clock
from device_profiles.dialect import Frame, Message, Reason, Refused, Translator, UnknownCode, decode_json
from device_profiles.profile import UNKNOWN_CODE, UNKNOWN_CODES, Profile
from device_profiles.wire import Value
from edge_agent.judge.finding import Finding
from edge_agent.sample import Sample, Sink
from edge_agent.sources.platforms.complaints import Complaints
from edge_agent.sources.platforms.config import CLOCK, PlatformConfig
from edge_agent.sources.platforms.offset import Offset
from edge_agent.sources.platforms.remembered import Remembered, remembered, to_remember
from edge_agent.sources.platforms.uplinks import Arrival, Uplinks, follow
from edge_agent.steps import ClockWatch

logger = logging.getLogger(__name__)

FUTURE_US = 60_000_000  # a time further ahead than this is never believed (ALARMS.md, 11)
TELL_S = 1.0  # city; the feed speaks of itself at most so often
LATE = "late"  # why a sample has findings and no values
CLOCK_OFFSET = "clock_offset_s"
KEPT = "kept"  # why a sample has nothing but a state
KEEP_US = 10_000_000  # city; what is known of counters is stored at most so often
UPLINKS = ("lost", "doubled", "late")  # values `uplinks_…` of a device, where its profile has them
FRAMES = "frame_counter"  # the value that says a message's number
MAX_CODES = 256  # unknown codes of one device that are told one by one; the count goes on


class Verdict(msgspec.Struct, frozen=True):
    """What became of the messages of one body."""

    accepted: int = 0
    late: int = 0  # of the accepted: older than what their device had said already
    refused: tuple[Refused, ...] = ()
    doubled: int = 0  # neither accepted nor refused: it had been said already


class _Known(msgspec.Struct):
    """What the feed knows of one device."""

    device: str
    t_us: int = 0  # of its newest message
    held: dict[str, Value] = {}  # where a dialect says only what has changed
    strange: int = 0  # codes that the dialect does not know
    told: set[tuple[str, str]] = set()
    uplinks: Uplinks = Uplinks()


class Feed:
    """Runs on the event loop. Never raises for what a platform sends."""

    def __init__(
        self,
        platform: PlatformConfig,
        profiles: Mapping[str, Profile],
        *,
        sink: Sink,
        clock: Clock,
        stored: bytes | None = None,
    ) -> None:
        """``stored`` is what was known of the devices' counters."""
        self.name = platform.name
        spec = profiles[platform.profile].spec
        self.dialect = spec.dialects[platform.dialect]
        self._translator = Translator(spec, self.dialect)
        self._trust_time = platform.trust_time
        time = self.dialect.time
        self._offset = Offset() if time is not None and time.estimate and platform.trust_time else None
        self._by_our_clock = time is None or not platform.trust_time or self._offset is not None
        self._sink = sink
        self._clock = clock
        self._watch = ClockWatch(clock)
        self._says = {f"uplinks_{name}": name for name in UPLINKS if f"uplinks_{name}" in spec.values}
        read = {name for name, value in spec.values.items() if value.modbus is not None}
        self._never: dict[str, Value] = dict.fromkeys(read - self.dialect.values.keys())  # no judge need wait for them
        self._counts_frames = FRAMES in spec.values and FRAMES not in self.dialect.values
        self._devices = {code: _Known(one.device, held={}, told=set()) for code, one in platform.devices.items()}
        kept_of = remembered(self.name, stored)
        for one in self._devices.values():
            if (kept := kept_of.get(one.device)) is not None:
                one.uplinks = kept.uplinks
                one.t_us = kept.t_us if kept.t_us <= clock.wall_us() + FUTURE_US else 0  # that clock was wrong
        self._kept_us = 0  # when that was stored
        self._counted = False  # since then
        self._complaints = Complaints()
        self._counts: dict[str, Value] = {"messages": 0, "refused": 0, "late": 0, UNKNOWN_CODES: 0}
        if "doubled" in profiles[platform.feed].spec.values:
            self._counts["doubled"] = 0
        self._heard_us: int | None = None  # arrival of the last message since the feed spoke of itself
        self._told: set[str] = set()  # reasons that were logged

    def take(self, body: bytes, topic: Sequence[str] = ()) -> Verdict:
        """Take in one body: its good messages go on, each of the others is refused."""
        self._notice_step()
        document = decode_json(body)
        if isinstance(document, Refused):
            return self.refuse(document, body)
        accepted = late = doubled = 0
        refused: list[Refused] = []
        for outcome in self._translator.translate(document, topic):
            known = self._judge(outcome)
            if isinstance(known, Refused):
                refused.append(known)
                continue
            assert isinstance(outcome, Message)
            self._counted = self._counted or outcome.frame is not None
            arrival = _follow(known, outcome.frame, outcome.t_us)
            if arrival is Arrival.DOUBLED:
                doubled += 1
                continue
            accepted += 1
            late += self._deliver(known, outcome, arrival)
        for name, more in (("messages", accepted), ("late", late), ("doubled", doubled)):
            self._count(name, more)
        if accepted or doubled:
            self._heard_us = self._clock.wall_us()
        for one in refused:
            self._note(one, body)
        self.tell()
        return Verdict(accepted, late, tuple(refused), doubled)

    def refuse(self, refused: Refused, body: bytes = b"") -> Verdict:
        """Count and keep a body that is refused as a whole."""
        self._note(refused, body)
        self.tell()
        return Verdict(refused=(refused,))

    async def tell_loop(self) -> None:
        """Speak of the feed itself when there is something to say."""
        while True:
            await self._clock.sleep(TELL_S)
            self.tell(force=True)

    def tell(self, *, force: bool = False) -> None:
        """Say what was counted, at once when somebody is to be told of a refusal."""
        now_us = self._clock.wall_us()
        findings = self._complaints.due(now_us)
        if findings or (force and self._heard_us is not None):
            self._sink(Sample(self.name, self._heard_us or now_us, dict(self._counts), findings=findings))
            self._heard_us = None
        if force and (state := self._state(now_us)):
            self._sink(Sample(self.name, now_us, failure=KEPT, state=state))

    def _notice_step(self) -> None:
        """Follow the agent's clock, which was set: after what was said by a clock that was ahead, all would be late."""
        if self._watch.step_us():
            latest_us = 0 if self._by_our_clock else self._clock.wall_us() + FUTURE_US
            for known in self._devices.values():
                known.t_us = known.t_us if known.t_us <= latest_us else 0

    def _state(self, now_us: int) -> bytes:
        """Return what is to be stored of counters, nothing when there is no news of them or it is too soon."""
        if not self._counted or 0 <= now_us - self._kept_us < KEEP_US:
            return b""
        self._kept_us, self._counted = now_us, False
        return to_remember({one.device: Remembered(one.uplinks, one.t_us) for one in self._devices.values()})

    def _judge(self, outcome: Message | Refused) -> "_Known | Refused":
        """Return the device of a message that may be believed; one that may not has its number all the same."""
        code = outcome.registration_code
        known = self._devices.get(code)
        if isinstance(outcome, Refused):
            _follow(known, outcome.frame, None)
            return outcome
        if known is None:
            return Refused(Reason.UNKNOWN_DEVICE, "no device has this registration code", code)
        ahead_us = (outcome.t_us or 0) - self._clock.wall_us()
        if self._trust_time and ahead_us > FUTURE_US:
            _follow(known, outcome.frame, None)
            return Refused(Reason.TIME_IN_FUTURE, f"{ahead_us / 1e6:.0f} s ahead of the agent's clock", code)
        return known

    def _deliver(self, known: _Known, message: Message, arrival: Arrival) -> bool:
        """Hand a message on; return whether it came late."""
        t_us = self._observed_us(message, arrival)
        strange = [self._strange(known, code, t_us) for code in message.unknown_codes]
        findings = tuple(finding for finding in strange if finding is not None)
        if t_us < known.t_us or arrival is Arrival.LATE:
            self._sink(Sample(known.device, t_us, message.values, late=True))
            if findings:
                self._sink(Sample(known.device, t_us, failure=LATE, findings=findings))
            return True
        known.t_us = t_us
        values = {**self._never, **message.values}
        if self.dialect.absent == "unchanged":
            known.held.update(values)
            values = dict(known.held)
        values[UNKNOWN_CODES] = known.strange
        values |= {value: getattr(known.uplinks, name) for value, name in self._says.items()}
        if message.frame is not None and self._counts_frames:
            values[FRAMES] = message.frame.number
        self._sink(Sample(known.device, t_us, values, findings=findings))
        return False

    def _observed_us(self, message: Message, arrival: Arrival) -> int:
        """Return when a message was observed, by our clock as far as its own is known."""
        now_us = self._clock.wall_us()
        if message.t_us is None or not self._trust_time:
            return now_us
        if self._offset is None:
            return message.t_us
        reason = self._offset.take(message.t_us, now_us) if arrival is Arrival.NEW else None
        if reason is not None:
            self._counts[CLOCK_OFFSET] = self._offset.us / 1e6
            logger.warning("%s: its clock is %s: %.1f s", self.name, reason.value, self._offset.us / 1e6)
            finding = Finding(CLOCK, now_us, {"reason": str(reason), "offset_s": self._offset.us / 1e6})
            self._sink(Sample(self.name, now_us, dict(self._counts), findings=(finding,)))
        return self._offset.right(message.t_us, now_us)

    def _strange(self, known: _Known, unknown: UnknownCode, t_us: int) -> Finding | None:
        """Count a code that nobody knows; return the event when it is the first of its kind."""
        known.strange += 1
        self._count(UNKNOWN_CODES, 1)
        seen = (unknown.value, unknown.code)
        if seen in known.told or len(known.told) >= MAX_CODES:
            return None
        known.told.add(seen)
        logger.warning("%s: %s says %r as %s, which its dialect does not know", self.name, known.device, *seen[::-1])
        return Finding(
            UNKNOWN_CODE,
            t_us,
            {"reason": "unknown_code", "value": unknown.value, "code": unknown.code, "platform": self.name},
        )

    def _note(self, refused: Refused, body: bytes) -> None:
        self._heard_us = self._clock.wall_us()
        self._count("refused", 1)
        self._counts["last_refusal"] = refused.reason.value
        self._complaints.take(
            refused.reason.value, detail=refused.detail, registration_code=refused.registration_code, body=body
        )
        level = logging.DEBUG if refused.reason in self._told else logging.WARNING
        self._told.add(refused.reason)
        logger.log(level, "%s: a message is refused: %s (%s)", self.name, refused.reason.value, refused.detail)

    def _count(self, name: str, more: int) -> None:
        before = self._counts.get(name)
        if isinstance(before, int):
            self._counts[name] = before + more


def _follow(known: _Known | None, frame: Frame | None, t_us: int | None) -> Arrival:
    """Return what a message is by its number, as far as it has one."""
    if known is None or frame is None:
        return Arrival.NEW
    known.uplinks, arrival = follow(known.uplinks, frame, t_us)
    return arrival
