"""Evidence in a scenario: an agent hands it out with a key of this run, and what alarms name must be at the hub."""

import asyncio
import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from device_profiles.evidence import DIGEST, PARTS
from device_profiles.topics import AgentAddress
from simulators.observers.witness import AlarmWord
from simulators.scoring.check import Check
from simulators.stage.ports import free_port

RULE = "road.collapse"  # the life alarm that must come with evidence
FETCHED_S = 15.0  # real; a busy machine fetches slowly
_POLL_S = 0.2
_BEGINS = {"before": b"\xff\xd8", "after": b"\xff\xd8", "clip": b"RIFF"}


def evidence_toml(address: AgentAddress, *, hub_folder: Path) -> str:
    """Return an agent's [evidence]; its key is made and lies where the hub looks for it."""
    path = hub_folder / "evidence-keys" / f"{str(address).replace('/', '.')}.key"
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.write_text(secrets.token_hex(32) + "\n", encoding="utf-8")
    path.chmod(0o600)
    return f'\n[evidence]\nlisten = "127.0.0.1:{free_port()}"\nkey_file = {json.dumps(str(path))}\n'


def evidence_folder(hub_folder: Path) -> Path:
    """Return where a hub keeps what it fetched."""
    return hub_folder / "data" / "evidence"


async def until_fetched(words: Sequence[AlarmWord], hub_folder: Path) -> None:
    """Wait until what the collapse's alarms name is at the hub, or for so long that it will not come."""
    folder = evidence_folder(hub_folder)
    named = {word for words in _named(words).values() for word in words.values() if DIGEST.match(word)}
    for _ in range(round(FETCHED_S / _POLL_S)):
        if all((folder / digest).is_file() for digest in named):
            return
        await asyncio.sleep(_POLL_S)


def evidence_checks(words: Iterable[AlarmWord], hub_folder: Path) -> Iterator[Check]:
    """Yield whether all three pieces of each collapse's alarm are at the hub, whole and what their digests say."""
    words = list(words)
    named = _named(words)
    for alarm in sorted({word.id for word in words if word.rule == RULE}):
        found = {device: kept for (of, device), kept in named.items() if of == alarm}
        faults = [fault for device, kept in found.items() for fault in _faults(device, kept, hub_folder)]
        text = "; ".join(faults) or f"before, after and clip of {', '.join(found)}"
        yield Check(f"evidence of {alarm}", bool(found) and not faults, text if found else "it names none")


def _named(words: Iterable[AlarmWord]) -> dict[tuple[str, str], dict[str, str]]:
    """Return (alarm, device) → what its last word names."""
    return {
        (word.id, device): kept for word in words if word.rule == RULE for device, kept in word.evidence.items() if kept
    }


def _faults(device: str, kept: dict[str, str], hub_folder: Path) -> Iterator[str]:
    for part in PARTS:
        digest = kept.get(part, "nothing")
        path = evidence_folder(hub_folder) / digest
        if not DIGEST.match(digest):
            yield f"{device}: {part} is missing: {digest}"
        elif not path.is_file():
            yield f"{device}: {part} is not at the hub"
        elif not _is(path.read_bytes(), part, digest):
            yield f"{device}: {part} is not what it is said to be"


def _is(content: bytes, part: str, digest: str) -> bool:
    return hashlib.sha256(content).hexdigest() == digest and content.startswith(_BEGINS[part])
