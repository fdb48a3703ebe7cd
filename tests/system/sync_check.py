"""Judges a hub's system calls: each receipt and PUBACK must leave after the fdatasync that covers it."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from tests.system.mqtt_stream import PUBACK, PUBLISH, Packet, Stream
from tests.system.strace_log import Call

Identity = tuple[str, int, str, int]  # agent, epoch, lane, seq


@dataclass
class _File:
    """A file as the programs see it, and as it would be after a power cut now."""

    now: bytearray = field(default_factory=bytearray)
    durable: bytes = b""


class Disk:
    """The files under one folder, from a log of writes and syncs; what was not synced is gone after a power cut."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._files: dict[str, _File] = {}
        self._syncing: dict[Call, bytes] = {}
        self.durable_text = b""  # everything that was ever synced, for a search

    def begin(self, call: Call) -> None:
        """Take in the beginning of a call: a sync covers what had been written by then."""
        if call.name in ("fdatasync", "fsync") and call.path in self._files:
            self._syncing[call] = bytes(self._files[call.path].now)

    def end(self, call: Call) -> None:
        """Take in the end of a call."""
        if not call.path.startswith(self._folder) or call.path.endswith("-shm"):
            return
        file = self._files.setdefault(call.path, _File())
        if call.name == "pwrite64":
            end = call.offset + len(call.data)
            file.now.extend(b"\0" * (end - len(file.now)))
            file.now[call.offset : end] = call.data
        elif call.name == "ftruncate":
            del file.now[call.offset :]
        elif call.name == "unlink":
            del self._files[call.path]
        elif call.name in ("fdatasync", "fsync") and call.result == 0:
            file.durable = self._syncing.pop(call, b"")
            if call.path.endswith("-wal"):
                self.durable_text += file.durable

    def after_power_cut(self) -> Iterator[tuple[str, bytes]]:
        """Yield each file's path below the folder and its bytes, truncated to what had been synced."""
        for path, file in self._files.items():
            yield path.removeprefix(self._folder).lstrip("/"), file.durable


def acknowledged(
    calls: Iterable[Call], disk: Disk, *, on_receipt: Callable[[Identity], None] = lambda _identity: None
) -> Iterator[tuple[str, Identity, bool]]:
    """Yield (``puback`` or ``receipt``, pack, whether its bytes were synced by then) for every word the hub gives.

    A sync counts once it has returned, a word is given when its call begins. Packs are recognised by their payload:
    the hub journals it as received.
    """
    incoming: dict[str, Stream] = {}
    outgoing: dict[str, Stream] = {}
    by_mid: dict[tuple[str, int], Identity] = {}
    payloads: dict[Identity, bytes] = {}
    told: set[Identity] = set()
    for ended, call in _moments(calls):
        if ended:
            disk.end(call)
        else:
            disk.begin(call)
        if ended and call.name == "recvfrom":
            for packet in incoming.setdefault(call.path, Stream()).feed(call.data):
                if packet.kind == PUBLISH and (identity := _identity(packet)) is not None:
                    by_mid[call.path, packet.mid] = identity
                    payloads[identity] = packet.payload
        elif not ended and call.name in ("sendto", "sendmsg", "write"):
            for packet in outgoing.setdefault(call.path, Stream()).feed(call.data):
                if packet.kind == PUBACK and (known := by_mid.pop((call.path, packet.mid), None)):
                    yield "puback", known, payloads[known] in disk.durable_text
                elif packet.kind == PUBLISH and packet.topic.endswith("/receipt"):
                    for identity in _covered(packet, payloads):
                        if identity not in told:
                            told.add(identity)
                            on_receipt(identity)
                            yield "receipt", identity, payloads[identity] in disk.durable_text


def _moments(calls: Iterable[Call]) -> list[tuple[bool, Call]]:
    """Return (whether it is the end, call) for the beginnings and ends of all calls, in the order of the log."""
    moments = [(call.began, False, call) for call in calls]
    moments += [(call.ended, True, call) for _, _, call in moments]
    return [(ended, call) for _, ended, call in sorted(moments, key=lambda moment: moment[:2])]


def _identity(packet: Packet) -> Identity | None:
    levels = packet.topic.split("/")
    if levels[:3] != ["citynerve", "1", "agent"] or len(levels) != 8:
        return None
    pack = json.loads(packet.payload)
    return "/".join(levels[3:7]), pack["epoch"], pack["lane"], pack.get("seq") or 0


def _covered(packet: Packet, known: dict[Identity, bytes]) -> list[Identity]:
    agent = "/".join(packet.topic.split("/")[3:7])
    receipt = json.loads(packet.payload)
    return [
        identity
        for identity in known
        if identity[0] == agent
        and identity[1] == receipt["epoch"]
        and 0 < identity[3] <= receipt["lanes"].get(identity[2], {"to": 0})["to"]
    ]
