"""Requests at once: whatever becomes of one, nobody waits for ever."""

import threading

import pytest

from hub.archive.influx.in_flight import InFlight
from hub.errors import StoreDown


def test_a_fault_ends_who_waits_and_no_thread() -> None:
    """More faults than there are threads, and then one that is answered."""

    def work(number: int) -> int:
        return 10 // number

    in_flight = InFlight(work, threads=2, name="test")
    faults = [in_flight.submit(0) for _ in range(3)]
    for fault in faults:
        with pytest.raises(ZeroDivisionError):
            fault.result(10)
    assert in_flight.submit(5).result(10) == 2
    in_flight.close()


def test_a_server_that_hangs_holds_up_no_close() -> None:
    """What hangs is left alone; what waits behind it is told that nothing will come of it."""
    began, released = threading.Event(), threading.Event()

    def work(_: int) -> None:
        began.set()
        released.wait(30)

    in_flight = InFlight(work, threads=1, name="test")
    hanging = in_flight.submit(1)
    assert began.wait(10)
    waiting = in_flight.submit(2)
    in_flight.close(timeout_s=0.01)
    with pytest.raises(StoreDown, match="is closed"):
        waiting.result(0)
    released.set()
    hanging.result(10)
