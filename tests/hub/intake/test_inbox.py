"""Inboxes are bounded in bytes, keep order and let go when they close."""

import threading

import pytest

from device_profiles.link import Inbound
from hub.intake.inbox import Inbox, Waiting
from tests.hub.intake.rig import NoPort


def message(number: int, size: int = 1_000) -> Waiting:
    """Return a message of ``size`` bytes."""
    return Waiting(Inbound(str(number), b"x" * size, False, number, 1), NoPort())


def numbers(taken: list[Waiting]) -> list[int]:
    """Return which messages these are."""
    return [waiting.message.mid for waiting in taken]


@pytest.fixture
def inbox() -> Inbox:
    """Return an inbox for some 10 kB."""
    lock = threading.Lock()
    return Inbox(10_000, lock=lock, ready=threading.Condition(lock))


def test_order_is_kept_over_a_put_back(inbox: Inbox) -> None:
    """What could not be written is the first to be taken again."""
    for number in range(5):
        assert inbox.put(message(number), timeout_s=0)
    taken = inbox.take(3)
    inbox.put_back(taken)
    assert numbers(inbox.take(10)) == [0, 1, 2, 3, 4]


def test_a_full_inbox_refuses_after_its_time(inbox: Inbox) -> None:
    """No more than its bytes and one message go in, and taking makes room."""
    count = 0
    while inbox.put(message(count), timeout_s=0):
        count += 1
    assert count == 7
    inbox.take(1)
    assert inbox.put(message(99), timeout_s=0)


def test_who_waits_for_room_goes_on_when_there_is_some(inbox: Inbox) -> None:
    """A network thread that is held back continues as soon as the writer takes."""
    while inbox.put(message(1), timeout_s=0):
        pass
    done: list[bool] = []
    thread = threading.Thread(target=lambda: done.append(inbox.put(message(2), timeout_s=60)))
    thread.start()
    while not done:
        inbox.take(1)
        thread.join(0.01)
    assert done == [True]


def test_closing_lets_everybody_go(inbox: Inbox) -> None:
    """A stop does not wait for a network thread that is held back."""
    while inbox.put(message(1), timeout_s=0):
        pass
    done: list[bool] = []
    thread = threading.Thread(target=lambda: done.append(inbox.put(message(2), timeout_s=60)))
    thread.start()
    inbox.close()
    thread.join(30)
    assert done == [False]


def test_one_take_is_bounded_in_bytes() -> None:
    """Huge messages come in several transactions."""
    lock = threading.Lock()
    inbox = Inbox(64_000_000, lock=lock, ready=threading.Condition(lock))
    for number in range(40):
        inbox.put(message(number, 250_000), timeout_s=0)
    assert len(inbox.take(500)) == 17
