"""Challenges: who proves that it has the key does so with a nonce of ours, once, and soon.

A nonce and not a time, because clocks lie: hub and agent may be minutes apart just when evidence is wanted, and a
window wide enough for that is one for replays. A nonce carries its own age and our seal, so that whoever asks without
the key takes no memory; only a nonce that was answered rightly is remembered, until it is too old anyway.
"""

import hmac
import secrets
from enum import StrEnum

from device_profiles.evidence import PATH, proof_of, read_header

LIFE_S = 30.0  # real
MOST_USED = 4_096  # in LIFE_S: who has the key and asks more often than that waits
_AGE, _RANDOM, _SEAL = 8, 12, 12  # bytes


class ProofReason(StrEnum):
    """Why a request is answered with a challenge."""

    NO_PROOF = "no_proof"  # it has none yet: the ordinary beginning
    FOREIGN_NONCE = "foreign_nonce"  # not ours, or of an earlier start
    STALE_NONCE = "stale_nonce"
    REPLAYED = "replayed"
    WRONG_KEY = "wrong_key"
    TOO_MANY = "too_many"  # more than may be remembered


class Challenges:
    """Of one agent, since its start. ``now_s`` are real seconds that never step."""

    def __init__(self, key: bytes, *, agent: str) -> None:
        self._key = key
        self._agent = agent
        self._secret = secrets.token_bytes(32)
        self._used: dict[str, float] = {}  # nonce → when it was used, in that order

    def challenge(self, *, now_s: float) -> str:
        """Return a new nonce."""
        body = round(now_s * 1000).to_bytes(_AGE, "big") + secrets.token_bytes(_RANDOM)
        return (body + self._seal(body)).hex()

    def check(self, header: str, *, digest: str, now_s: float) -> ProofReason | None:
        """Return why an Authorization does not entitle to ``digest``; None when it does, which it does once."""
        nonce, proof = read_header(header)
        if not proof:
            return ProofReason.NO_PROOF
        reason = self._nonce_fault(nonce, now_s)
        if reason is not None:
            return reason
        right = proof_of(self._key, agent=self._agent, method="GET", path=PATH + digest, nonce=nonce)
        if not hmac.compare_digest(proof, right):
            return ProofReason.WRONG_KEY
        if len(self._used) >= MOST_USED:
            return ProofReason.TOO_MANY
        self._used[nonce] = now_s
        return None

    def _nonce_fault(self, nonce: str, now_s: float) -> ProofReason | None:
        raw = bytes.fromhex(nonce) if len(nonce) % 2 == 0 else b""
        body, seal = raw[:-_SEAL], raw[-_SEAL:]
        if len(raw) != _AGE + _RANDOM + _SEAL or not hmac.compare_digest(seal, self._seal(body)):
            return ProofReason.FOREIGN_NONCE
        if not 0 <= now_s - int.from_bytes(body[:_AGE], "big") / 1000 + 0.001 <= LIFE_S:
            return ProofReason.STALE_NONCE
        self._forget(now_s)
        return ProofReason.REPLAYED if nonce in self._used else None

    def _forget(self, now_s: float) -> None:
        while self._used and now_s - next(iter(self._used.values())) > LIFE_S + 1:
            del self._used[next(iter(self._used))]

    def _seal(self, body: bytes) -> bytes:
        return hmac.digest(self._secret, body, "sha256")[:_SEAL]
