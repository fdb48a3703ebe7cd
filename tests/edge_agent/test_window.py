"""What is on its way, and when it goes again."""

from device_profiles.wire import LaneReceipt, Receipt
from edge_agent.window import RESEND_S, Window


def _receipt(epoch: int, to: int) -> Receipt:
    return Receipt("xiacheng", epoch, {"event": LaneReceipt(to)}, 0)


def test_a_window_has_room_until_it_is_full_and_again_after_a_receipt() -> None:
    """Only a receipt makes room, for its epoch."""
    window = Window("event", 3)
    for seq in (1, 2, 3):
        window.sent((7, seq), now_s=0)
    assert window.room == 0
    window.receipted(_receipt(6, 3))
    assert window.room == 0
    window.receipted(_receipt(7, 2))
    assert window.room == 2


def test_without_a_receipt_for_10_s_a_pack_is_overdue() -> None:
    """The first sent first; sent again it waits anew."""
    window = Window("event", 9)
    window.sent((7, 1), now_s=0)
    window.sent((7, 2), now_s=1)
    assert list(window.overdue(now_s=RESEND_S - 0.1)) == []
    assert list(window.overdue(now_s=RESEND_S)) == [(7, 1)]
    window.sent((7, 1), now_s=RESEND_S)
    assert list(window.overdue(now_s=RESEND_S + 1)) == [(7, 2)]
    window.gone((7, 2))
    assert list(window.overdue(now_s=RESEND_S + 1)) == []


def test_a_new_connection_begins_with_the_oldest() -> None:
    """All that is unreceipted goes again."""
    window = Window("event", 9)
    window.sent((7, 1), now_s=0)
    window.cursor = (7, 1)
    window.begin()
    assert window.cursor == (0, 0)
    assert window.room == 9


def test_probes_are_rare() -> None:
    """A hub that is away gets no storm."""
    window = Window("reading", 9)
    assert [window.probe(now_s=s) for s in (0.0, 5.0, RESEND_S)] == [True, False, True]
