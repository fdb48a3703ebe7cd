"""Challenges: each nonce once, soon, and only for who has the key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.evidence import PATH, answer_header, proof_of
from edge_agent.evidence import challenges as module
from edge_agent.evidence.challenges import Challenges, ProofReason

KEY, AGENT, DIGEST = b"k" * 32, "hz/xiacheng/chaoming/chaoming-01", "a" * 64


def answer(nonce: str, *, key: bytes = KEY, agent: str = AGENT, digest: str = DIGEST) -> str:
    """Return what somebody with a key says to a nonce."""
    return answer_header(nonce, proof_of(key, agent=agent, method="GET", path=PATH + digest, nonce=nonce))


def test_a_nonce_is_good_once() -> None:
    """The second time it is a replay, for anything; a new nonce is good again."""
    challenges = Challenges(KEY, agent=AGENT)
    nonce = challenges.challenge(now_s=10.0)
    assert challenges.check(answer(nonce), digest=DIGEST, now_s=11.0) is None
    assert challenges.check(answer(nonce), digest=DIGEST, now_s=11.0) is ProofReason.REPLAYED
    assert challenges.check(answer(nonce, digest="b" * 64), digest="b" * 64, now_s=12.0) is ProofReason.REPLAYED
    assert challenges.check(answer(challenges.challenge(now_s=12.0)), digest=DIGEST, now_s=12.0) is None


def test_who_has_not_the_key_is_told_why() -> None:
    """Another key, another agent's, another digest, no proof, an old nonce, one of another start."""
    challenges = Challenges(KEY, agent=AGENT)
    nonce = challenges.challenge(now_s=10.0)
    foreign = Challenges(KEY, agent=AGENT).challenge(now_s=10.0)
    for header, reason in (
        ("", ProofReason.NO_PROOF),
        ("Basic abc", ProofReason.NO_PROOF),
        (answer(nonce, key=b"x" * 32), ProofReason.WRONG_KEY),
        (answer(nonce, agent="hz/xiacheng/chaoming/other"), ProofReason.WRONG_KEY),
        (answer(nonce, digest="b" * 64), ProofReason.WRONG_KEY),
        (answer(foreign), ProofReason.FOREIGN_NONCE),
        (answer("ab" * 8), ProofReason.FOREIGN_NONCE),
    ):
        assert challenges.check(header, digest=DIGEST, now_s=11.0) is reason
    assert challenges.check(answer(nonce), digest=DIGEST, now_s=41.0) is ProofReason.STALE_NONCE
    assert challenges.check(answer(nonce), digest=DIGEST, now_s=39.0) is None  # nothing wrong has used it up


def test_who_has_no_key_fills_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only nonces that were answered rightly are remembered, and no more of them than agreed."""
    monkeypatch.setattr(module, "MOST_USED", 3)
    challenges = Challenges(KEY, agent=AGENT)
    for _ in range(10):
        nonce = challenges.challenge(now_s=10.0)
        assert challenges.check(answer(nonce, key=b"x" * 32), digest=DIGEST, now_s=10.0) is ProofReason.WRONG_KEY
    said = [challenges.check(answer(challenges.challenge(now_s=10.0)), digest=DIGEST, now_s=10.0) for _ in range(4)]
    assert said == [None, None, None, ProofReason.TOO_MANY]
    assert challenges.check(answer(challenges.challenge(now_s=60.0)), digest=DIGEST, now_s=60.0) is None


@given(st.binary(max_size=60))
def test_no_nonce_of_strangers_is_ours(raw: bytes) -> None:
    """Whatever its length."""
    challenges = Challenges(KEY, agent=AGENT)
    assert challenges.check(answer(raw.hex()), digest=DIGEST, now_s=1.0) in (
        ProofReason.FOREIGN_NONCE,
        ProofReason.NO_PROOF,
    )
