"""Facts are cut into packs that a hub accepts."""

import logging
from collections.abc import Iterable, Iterator

import msgspec

from device_profiles.wire import MAX_PACK_BYTES, Fact, encode_facts

logger = logging.getLogger(__name__)

PACK_FACTS = 200
PACK_BYTES = MAX_PACK_BYTES - 8_192  # the envelope needs under 1 kB


class Packed(msgspec.Struct, frozen=True):
    """The facts of one pack, as JSON."""

    facts: bytes
    count: int


def pack(facts: Iterable[Fact]) -> Iterator[Packed]:
    """Yield ``facts`` in packs, in their order; one that no pack can hold is logged and left out."""
    parts: list[bytes] = []
    size = 2
    for fact in facts:
        part = encode_facts((fact,))[1:-1]
        if len(part) > PACK_BYTES:
            logger.error("a %s of %d bytes fits no pack and is dropped", type(fact).__name__, len(part))
            continue
        if parts and (len(parts) == PACK_FACTS or size + len(part) > PACK_BYTES):
            yield _join(parts)
            parts, size = [], 2
        parts.append(part)
        size += len(part) + 1
    if parts:
        yield _join(parts)


def _join(parts: list[bytes]) -> Packed:
    return Packed(b"[" + b",".join(parts) + b"]", len(parts))
