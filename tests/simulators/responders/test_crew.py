"""Crews do what people do: each word once, the first who is there frees, and an end that was said needs no other."""

import asyncio

import pytest

from device_profiles.clock import Clock, simulated_clock
from simulators.receivers.office import HeardNotice, Told
from simulators.responders.crew import Crews, DeedRefused
from simulators.responders.desk import Answer
from simulators.responders.spec import ResponderSpec

SLOW = ResponderSpec("slow", "Wang", ("1s", "1s"), ("1s", "1s"), ("60s", "60s"), called=True)
NEAR = ResponderSpec("near", "Chen", ("2s", "2s"), ("1s", "1s"), ("2s", "2s"), called=True)


class Room:
    """A command line that writes down who said what; some acts it refuses."""

    def __init__(self, **refused: str) -> None:
        self.said: list[tuple[str, str]] = []
        self._refused = refused

    async def run(self, *arguments: str) -> Answer:
        """Write an act down."""
        _, act, _, _, _, actor, *_ = arguments
        self.said.append((actor, act))
        return Answer(int(act in self._refused), self._refused.get(act, ""))


class Door:
    """A lift that is wide open once somebody has come."""

    def __init__(self) -> None:
        self.arrivals: list[str] = []

    def arrive(self, lift: str) -> tuple[str, ...]:
        """Note who came."""
        self.arrivals.append(lift)
        return ("rescue",)

    def is_done(self, acts: tuple[str, ...]) -> bool:
        """Return that it is open."""
        return bool(self.arrivals) and acts == ("rescue",)


def _call(crew: str, change: str = "escalated") -> HeardNotice:
    told = Told("a1", "lift.entrapment", "hz/x/y/lift-02", "life", change, t_raised_us=0)
    return HeardNotice(crew, 0, "one", (told,))


def _play(room: Room, door: Door, *calls: HeardNotice) -> None:
    async def play() -> None:
        clock: Clock = simulated_clock(start_us=0, speed=10.0)
        async with Crews((SLOW, NEAR), seed=1, clock=clock, scene=door) as crews:
            for call in calls:
                crews.hear(call, room, "hub.toml")
            async with asyncio.timeout(20):
                while ("Chen", "close") not in room.said:
                    crews.check()
                    await asyncio.sleep(0.01)
            crews.check()

    asyncio.run(play())


def test_each_word_is_said_once_and_the_first_who_is_there_frees() -> None:
    """The far crew answers and sets out, the near one arrives, frees and calls back; a second call changes nothing."""
    room, door = Room(), Door()
    _play(room, door, _call("slow"), _call("near"), _call("near"), _call("centre"))
    assert room.said == [("Wang", "ack"), ("Wang", "dispatch"), ("Chen", "arrive"), ("Chen", "safe"), ("Chen", "close")]
    assert door.arrivals == ["lift-02"]


def test_news_of_a_call_is_no_call() -> None:
    """What a crew hears of an alarm after it was called sets nobody going."""
    room, door = Room(), Door()
    _play(room, door, _call("slow", "acked"), _call("near"))
    assert {actor for actor, _ in room.said} == {"Chen"}


def test_an_alarm_that_has_ended_by_itself_needs_no_end() -> None:
    """The lift may tell the end before the crew does; any other refusal is a fault of the run."""
    ended = "hub: no open alarm 'a1': see `hub alarms`"
    _play(Room(safe=ended, close=ended), Door(), _call("near"))
    with pytest.raises(DeedRefused, match="Chen: arrive"):
        _play(Room(arrive="no such thing"), Door(), _call("near"))
