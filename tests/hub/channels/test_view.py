"""What became of each change can be asked, for a list, for one alarm and for one receiver."""

from collections.abc import Callable

from rich.console import Console

from device_profiles.clock import Clock
from hub.channels.deliveries import move_delivered
from hub.channels.view import (
    deliveries_of,
    deliveries_table,
    read_deliveries,
    read_receivers,
    receivers_table,
)
from hub.database import reading
from simulators.receivers.webhook import Manner
from tests.hub.channels.listening import cleared, raised
from tests.hub.channels.receiving import Hook, Told, until

Tell = Callable[[str], Told]


def test_one_alarm_tells_whom_it_was_told_to(hook: Hook, tell: Tell) -> None:
    """Each change with its receiver, state and receipt; the broker's too, by its place."""
    told = tell(hook.toml())
    told.commit(raised(1), raised(2, number=2), cleared(3))
    until(lambda: told.states() == ["delivered"] * 3)
    move_delivered(told.engine, "mqtt", (1, 0))
    with reading(told.engine).connect() as connection:
        found = deliveries_of(connection, "alarm-1")
    assert [(each.receiver, each.transition, each.kind, each.state) for each in found] == [
        ("hook", "1-0", "raised", "delivered"),
        ("hook", "3-0", "cleared", "delivered"),
        ("mqtt", "1-0", "raised", "delivered"),
        ("mqtt", "3-0", "cleared", "queued"),
    ]
    assert found[0].receipt.startswith("200 OK")
    assert (found[0].rule, found[0].severity, found[0].attempts) == ("lift.entrapment", "life", 0)


def test_dead_letters_and_who_fails_are_shown(hook: Hook, tell: Tell) -> None:
    """Only those that were given up, and how the receiver stands; whatever it answered is printed as it is."""
    hook.receiver.manner = Manner.REFUSES
    told = tell(hook.toml())
    told.commit(raised(1))
    until(lambda: told.states() == ["failed"])
    with reading(told.engine).connect() as connection:
        found = read_deliveries(connection, limit=10, failed_only=True)
        (standing,) = read_receivers(connection)
        assert read_deliveries(connection, limit=10, alarm="alarm-2") == []
    assert [(each.reason, each.state) for each in found] == [("refused", "failed")]
    assert (standing.counts, standing.dead, standing.lane) == ({"failed": 1}, True, "life")
    assert standing.failing_us is not None
    assert standing.failing_us <= Clock().wall_us()
    console = Console(width=200, record=True)
    console.print(deliveries_table(found))
    console.print(receivers_table([standing]))
    text = console.export_text()
    assert "422" in text
    assert "given up" in text
