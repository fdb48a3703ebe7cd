"""Evidence: what agent and hub must agree on, its words in a value and the proof by which the hub may fetch it.

The value ``evidence`` of a zone reads ``before:<sha256> after:<sha256> clip:<sha256>``. In place of a digest stands the
reason why there is none, and ``shorter:<reason>`` follows when the clip does not reach back as far as it should.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Literal

from device_profiles.errors import ConfigError

Permit = Literal["plain", "masked", "none"]  # what a profile lets a camera keep of an event

PARTS = ("before", "after", "clip")
SHORTER = "shorter"
DIGEST = re.compile(r"[0-9a-f]{64}\Z")
SCHEME = "Citynerve-HMAC"  # of Authorization and WWW-Authenticate
PATH = "/evidence/"
LEAST_KEY = 32  # characters of a key; 16 random bytes in hexadecimal
_WORD = re.compile(r"([a-z]+):([a-z0-9_]+)")
_GIVEN = re.compile(rf'{SCHEME} nonce="([0-9a-f]{{16,200}})"(?:, mac="([0-9a-f]{{64}})")?\Z')


class EvidenceReason(StrEnum):
    """Why a piece of evidence is missing or shorter than it should be."""

    OFF = "off"  # the agent's config keeps none
    WITHHELD = "withheld"  # the profile says that of such an event none is kept
    NO_PICTURE = "no_picture"  # there was no picture of before
    RING_EMPTY = "ring_empty"  # nothing was seen lately
    RING_YOUNG = "ring_young"  # the camera has not been seen for so long
    RING_FULL = "ring_full"  # what was kept back has reached its bound in bytes
    NO_TIME = "no_time"  # masking all of it would have held up the camera
    TOO_LARGE = "too_large"  # larger than all that may be kept
    NO_ROOM = "no_room"  # the folder takes no file


def evidence_value(parts: Mapping[str, str], *, shorter: str = "") -> str:
    """Return the value; ``parts``: before, after and clip with a digest or a reason each."""
    words = [f"{part}:{parts[part]}" for part in PARTS]
    return " ".join([*words, f"{SHORTER}:{shorter}"] if shorter else words)


def evidence_words(value: object) -> dict[str, str]:
    """Return the words of a value, {} when it is none: before, after, clip, perhaps shorter."""
    return dict(_WORD.findall(value)) if isinstance(value, str) else {}


def evidence_digests(words: Mapping[str, str]) -> dict[str, str]:
    """Return before, after and clip, those that have a digest."""
    return {part: words[part] for part in PARTS if DIGEST.match(words.get(part, ""))}


def proof_of(key: bytes, *, agent: str, method: str, path: str, nonce: str) -> str:
    """Return what only who has the key can say; ``agent`` (<area>/<agent>) is in it, so it is good for one only."""
    text = "\n".join(("citynerve evidence 1", agent, method, path, nonce))
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def challenge_header(nonce: str) -> str:
    """Return a WWW-Authenticate."""
    return f'{SCHEME} nonce="{nonce}"'


def answer_header(nonce: str, proof: str) -> str:
    """Return an Authorization."""
    return f'{SCHEME} nonce="{nonce}", mac="{proof}"'


def read_header(text: str) -> tuple[str, str]:
    """Return nonce and proof of either header; "" for what is not there."""
    match = _GIVEN.match(text)
    return (match[1], match[2] or "") if match else ("", "")


def read_key(path: Path) -> bytes:
    """Return the key in a file's first line. Raises ConfigError."""
    try:
        key = path.read_text(encoding="utf-8").partition("\n")[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot be read: {error}", file=str(path)) from error
    if len(key) < LEAST_KEY:
        raise ConfigError(f"is no key: the first line has less than {LEAST_KEY} characters", file=str(path))
    return key.encode()
