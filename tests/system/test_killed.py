"""Killed and wiped: whoever dies whenever, every alarm is told once and no pack is missing."""

import contextlib
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import Mosquitto
from tests.system.chain import COVER, FREED, LIFT, RUNNING, SOUND, TILTED, TRAPPED, Centre, Chain

pytestmark = pytest.mark.long

KILLS = 8


@pytest.fixture
def chain(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[Chain]:
    """Run the line and the command centre; hub and agent are started by the test."""
    with Chain(tmp_path, mosquitto, silent="60s") as found:
        yield found


@contextlib.contextmanager
def late_comer(chain: Chain) -> Iterator[Centre]:
    """Join as a command centre that has heard nothing so far."""
    centre = Centre(chain.broker.url, chain.folder, name="late")
    centre.link.start()
    yield centre
    centre.link.stop()


def test_a_broker_that_is_killed_and_wiped(chain: Chain) -> None:
    """It has lost sessions, subscriptions and what it retained: all of it is made anew, and nothing is lost."""
    chain.start()
    chain.show(LIFT, TRAPPED)
    assert chain.centre.hears("lift.entrapment", "raised")
    chain.broker.stop(kill=True)
    chain.show(COVER, TILTED)
    shutil.rmtree(chain.broker.folder / "data")
    (chain.broker.folder / "data").mkdir()
    chain.broker.start()
    assert chain.centre.hears("cover.moved", "raised")
    with late_comer(chain) as late:
        assert late.until(lambda: {word.rule for word in late.words} >= {"lift.entrapment", "cover.moved"})
    assert chain.ends_well()


def test_a_hub_that_is_killed_again_and_again(chain: Chain) -> None:
    """Under load, at any moment: the alarms are those of a hub that lives, each told once."""
    chain.start()
    for number in range(KILLS):
        chain.show(LIFT, TRAPPED if number % 2 == 0 else FREED)
        chain.show(COVER, TILTED if 2 <= number < KILLS // 2 else SOUND)  # once: what comes and goes chatters
        assert chain.hub.process is not None
        chain.centre.until(lambda: False, 0.3 * number)  # another moment each time
        chain.hub.process.send_signal(signal.SIGKILL)
        chain.hub.ended()
        chain.hub.start()
        expected = ["raised", "cleared"] * (number // 2) + ["raised", "cleared"][: number % 2 + 1]
        assert chain.centre.hears("lift.entrapment", *expected), chain.centre.kinds("lift.entrapment")
        if number % 2:
            chain.show(LIFT, RUNNING)
    assert chain.centre.hears("cover.moved", "raised", "cleared")
    assert chain.settled()
    assert chain.replays()
