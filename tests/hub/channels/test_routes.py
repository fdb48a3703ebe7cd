"""Who is told of what: by severity, area, rule and kind of change, or because a ladder calls them by name."""

import pytest
from msgspec.structs import replace

from hub.alarms.transitions import Kind
from hub.alarms.words import RECEIVER_DEAD
from hub.channels.receivers import WebhookReceiver
from hub.channels.routes import Lane, lane_of, wants
from tests.hub.channels.listening import alarm, raised

HOOK = WebhookReceiver(name="hook", url="http://127.0.0.1:1/")


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({}, True),
        ({"least": "life"}, True),
        ({"areas": ("hz/xiacheng",)}, True),
        ({"areas": ("hz/xia", "sh")}, False),  # whole levels
        ({"areas": ("hz/xiacheng/chaoming",)}, True),
        ({"rules": ("lift.*",)}, True),
        ({"rules": ("lift.entrapment", "road.collapse")}, True),
        ({"rules": ("lift",)}, False),
        ({"changes": ("raised",)}, True),
        ({"changes": ("cleared",)}, False),
    ],
)
def test_a_receiver_says_what_it_wants(changes: dict[str, object], wanted: bool) -> None:
    """Every condition that it names must hold."""
    assert wants(replace(HOOK, **changes), raised(1)) is wanted


def test_below_its_least_severity_nothing_is_told() -> None:
    """A minor alarm is nothing for who wants major ones."""
    minor = replace(raised(1), alarm=alarm(severity="minor"))
    assert wants(HOOK, minor)
    assert not wants(replace(HOOK, least="major"), minor)


def test_who_is_called_by_name_is_told_whatever_else_it_wants() -> None:
    """A step of a ladder reaches its receiver."""
    step = replace(raised(1, kind=Kind.ESCALATED), to=("hook",))
    picky = replace(HOOK, rules=("road.*",))
    assert wants(picky, step)
    assert not wants(picky, replace(step, to=("others",)))


def test_a_quiet_alarm_is_told_nobody_unless_it_is_only_late() -> None:
    """Shelved, out of service or explained by another alarm: nobody. Recorded because it was late: in a list."""
    for flag in ({"shelved": True}, {"out_of_service": True}, {"suppressed_by": "alarm-9"}):
        assert not wants(HOOK, replace(raised(1), alarm=alarm(**flag)))
    assert wants(HOOK, replace(raised(1), alarm=alarm(sounded=False)))


def test_nobody_is_told_of_their_own_death() -> None:
    """It would wait for itself."""
    about = replace(raised(1), alarm=alarm(rule=RECEIVER_DEAD, subject="receiver:hook", severity="critical"))
    assert not wants(HOOK, about)
    assert wants(replace(HOOK, name="other"), about)


def test_life_has_its_own_lane() -> None:
    """By the severity alone, so that the changes of one alarm stay in order."""
    assert lane_of(raised(1)) is Lane.LIFE
    assert lane_of(replace(raised(1), alarm=alarm(sounded=False))) is Lane.LIFE
    assert lane_of(replace(raised(1), alarm=alarm(severity="critical"))) is Lane.OTHER
