"""The words of evidence, and the proof that a request carries."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.errors import ConfigError
from device_profiles.evidence import (
    PARTS,
    EvidenceReason,
    answer_header,
    challenge_header,
    evidence_digests,
    evidence_value,
    evidence_words,
    proof_of,
    read_header,
    read_key,
)

DIGESTS = st.text("0123456789abcdef", min_size=64, max_size=64)


@given(st.fixed_dictionaries(dict.fromkeys(PARTS, DIGESTS | st.sampled_from(EvidenceReason))))
def test_a_value_is_read_as_it_was_written(parts: dict[str, str]) -> None:
    """Each part with its digest or its reason; it fits a value of the wire, also with why it is shorter."""
    value = evidence_value(parts, shorter=EvidenceReason.RING_YOUNG)
    assert len(value) <= 512
    assert evidence_words(value) == parts | {"shorter": "ring_young"}
    assert evidence_digests(parts) == {part: word for part, word in parts.items() if len(word) == 64}
    assert "shorter" not in evidence_words(evidence_value(parts))


@pytest.mark.parametrize("value", [None, 7, True, "", "nothing"])
def test_what_is_no_value_has_no_words(value: object) -> None:
    """A profile of another city may mean something else by the name."""
    assert evidence_words(value) == {}


@given(st.text(max_size=200))
def test_any_header_is_read_without_harm(text: str) -> None:
    """What is no header gives nothing; ours give back what is in them."""
    nonce, _ = read_header(text)
    assert nonce == "" or text.startswith("Citynerve-HMAC ")
    assert read_header(challenge_header("ab" * 32)) == ("ab" * 32, "")
    assert read_header(answer_header("ab" * 32, "c" * 64)) == ("ab" * 32, "c" * 64)


def test_a_proof_is_good_for_one_request_of_one_agent() -> None:
    """Whatever is asked otherwise, or of whom, has another proof."""
    asked = {"agent": "hz/xiacheng/chaoming/chaoming-01", "method": "GET", "path": "/evidence/a", "nonce": "00"}
    proofs = {proof_of(b"key", **asked), proof_of(b"another key", **asked)}
    proofs |= {proof_of(b"key", **asked | {name: "other"}) for name in asked}
    assert len(proofs) == 6


def test_a_key_that_is_none_is_refused(tmp_path: Path) -> None:
    """A file that is missing, empty or short is an error that names it."""
    path = tmp_path / "evidence.key"
    with pytest.raises(ConfigError, match=r"evidence\.key: cannot be read"):
        read_key(path)
    path.write_text("short\n" + "x" * 100)
    with pytest.raises(ConfigError, match="less than 32"):
        read_key(path)
    path.write_text("k" * 32 + "\nmore\n")
    assert read_key(path) == b"k" * 32
