"""A hub that lives under our name is known for certain, and nothing else is taken for one."""

from hub.namesakes import CONFIRM_S, FORGET_S, MOST, Namesakes


def test_two_signs_of_another_start_make_sure_once() -> None:
    """One alone may be the last of a hub that has just died; the third is no news."""
    heard = Namesakes("ours")
    assert not heard.hear("other", "far:1", now_s=0.0)
    assert heard.present(now_s=0.0) == ()
    assert not heard.hear("other", "far:1", now_s=CONFIRM_S / 2)  # what waited together comes together
    assert heard.hear("other", "far:1", now_s=CONFIRM_S)
    assert not heard.hear("other", "far:1", now_s=CONFIRM_S + 1)
    assert heard.present(now_s=CONFIRM_S + 1) == ("far:1",)


def test_our_own_signs_are_no_other_hub() -> None:
    """A broker hands back what is said on a topic that one listens to."""
    heard = Namesakes("ours")
    assert not any(heard.hear("ours", "here:1", now_s=float(second)) for second in range(10))
    assert heard.present(now_s=10.0) == ()


def test_starts_that_follow_each_other_are_no_other_hub() -> None:
    """A hub that is started again and again elsewhere, a sign each, was never two at a time for certain."""
    heard = Namesakes("ours")
    assert not any(heard.hear(f"start {second}", "far:1", now_s=float(second)) for second in range(10))
    assert heard.present(now_s=10.0) == ()


def test_it_is_gone_only_after_many_signs_did_not_come() -> None:
    """A sign that is late changes nothing, so that nothing flaps."""
    heard = Namesakes("ours")
    assert [heard.hear("other", "far:1", now_s=second) for second in (0.0, 3.0, 3.0 + FORGET_S - 1)] == [
        False,
        True,
        False,
    ]
    assert heard.present(now_s=2.0 * FORGET_S) == ("far:1",)
    assert heard.present(now_s=3.0 * FORGET_S) == ()


def test_who_hears_nothing_forgets_nobody() -> None:
    """While our own link is down, silence says nothing of others; nor does it make sure of one."""
    heard = Namesakes("ours")
    for second in (0.0, 3.0):
        heard.hear("sure", "far:1", now_s=second)
    heard.hear("once", "far:2", now_s=3.0)
    heard.deaf(now_s=3.0 + FORGET_S)
    assert heard.present(now_s=4.0 + FORGET_S) == ("far:1",)


def test_what_is_kept_is_bounded() -> None:
    """Whoever may write to the topic may write anything."""
    heard = Namesakes("ours")
    for number in range(3 * MOST):
        for second in (0.0, CONFIRM_S):
            heard.hear(f"start {number}", f"far:{number:03}", now_s=second)
    assert len(heard.present(now_s=CONFIRM_S)) == MOST
