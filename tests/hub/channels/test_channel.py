"""What a stranger wrote can be kept and shown, whatever it is."""

from hypothesis import given
from hypothesis import strategies as st

from hub.channels.channel import MAX_RECEIPT, printed


@given(st.text(st.characters(codec=None)))
def test_whatever_a_stranger_wrote_can_be_kept(text: str) -> None:
    """Also bytes that were no UTF-8, which libraries hand on as surrogates; one line that no terminal obeys."""
    said = printed(text)
    said.encode()
    assert len(said) <= MAX_RECEIPT
    assert len(said.splitlines()) <= 1


def test_what_cannot_be_read_is_seen_to_be_so() -> None:
    """A reason phrase in Latin-1, and a colour in one byte."""
    assert printed(b"\xdcberlastet \xff".decode("utf-8", "surrogateescape")) == "\ufffdberlastet \ufffd"
    assert printed("\x9b31mred") == "31mred"
