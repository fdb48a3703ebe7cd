"""The receivers of a stage, and everything that they were told."""

import json
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from device_profiles.clock import Clock
from simulators.receivers.spec import ReceiverSpec
from simulators.receivers.webhook import Call, Manner, WebhookReceiver


class Told(msgspec.Struct, frozen=True):
    """What a notice says of one alarm."""

    id: str
    rule: str
    subject: str
    severity: str
    change: str  # the kind of its last transition in the notice
    t_raised_us: int

    @property
    def name(self) -> str:
        """Rule and last level of the subject."""
        return f"{self.rule} {self.subject.rpartition('/')[2]}"


class HeardNotice(msgspec.Struct, frozen=True):
    """A notice that was taken, once."""

    receiver: str
    t_us: int  # city time
    kind: str  # one, flood, digest, away
    alarms: tuple[Told, ...]


class Office:
    """Webhook receivers by name; an async context manager."""

    def __init__(self, specs: Iterable[ReceiverSpec], crews: Iterable[str], clock: Clock) -> None:
        self.notices: list[HeardNotice] = []
        self.on_notice: Callable[[HeardNotice], None] | None = None
        self._configs = {spec.name: spec.config for spec in specs} | dict.fromkeys(crews, 'rules = ["by-name-alone"]')
        self._receivers = {name: self._receiver(name) for name in self._configs}
        self._clock = clock

    async def __aenter__(self) -> "Office":
        for receiver in self._receivers.values():
            await receiver.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        for receiver in self._receivers.values():
            await receiver.stop()

    def toml(self) -> str:
        """Return the receivers' part of the hub's config."""
        return "".join(
            f'\n[[receivers]]\nname = "{name}"\nchannel = "webhook"\nurl = "{self._receivers[name].url}"\n{config}\n'
            for name, config in self._configs.items()
        )

    async def leave(self, name: str) -> None:
        """Let a receiver be away: nobody listens."""
        await self._receivers[name].stop()

    async def come_back(self, name: str) -> None:
        """Let it listen again, in the same place."""
        await self._receivers[name].start()

    def _receiver(self, name: str) -> WebhookReceiver:
        receiver = WebhookReceiver(manner=Manner.ACCEPTS)
        receiver.on_taken = lambda call: self._take(name, call)
        return receiver

    def _take(self, name: str, call: Call) -> None:
        notice = parse_notice(name, call.body, now_us=self._clock.wall_us())
        self.notices.append(notice)
        if self.on_notice is not None:
            self.on_notice(notice)


def parse_notice(receiver: str, body: bytes, *, now_us: int) -> HeardNotice:
    """Return the notice in a CloudEvent, of one change or a list. Raises KeyError, ValueError."""
    event = json.loads(body)
    data = event["data"]
    if event["type"].startswith("city.alarms."):
        told = tuple(_told(alarm, alarm["kind"]) for alarm in data["alarms"])
        return HeardNotice(receiver, now_us, data["kind"], told)
    return HeardNotice(receiver, now_us, "one", (_told(data, data["transition"]["kind"]),))


def _told(alarm: dict[str, Any], change: str) -> Told:
    names = ("id", "rule", "subject", "severity", "t_raised_us")
    return Told(**{name: alarm[name] for name in names}, change=change)
