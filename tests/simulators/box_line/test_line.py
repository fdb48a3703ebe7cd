"""A simulated box says what it feels, frame by frame, and its faults come on command."""

import socket
from contextlib import suppress

import numpy as np

from simulators.box_line import codec
from simulators.box_line.feeler import RATE_HZ, Feeler
from simulators.box_line.line import BLOCK, BoxLine
from simulators.lifts.lift import STEP_US, Lift
from simulators.lifts.spec import LiftSpec


def _heard(line: BoxLine, seconds: float) -> bytes:
    """Return what a client hears while the box feels ``seconds`` of rest."""
    port = int(line.port.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as client:
        line.send([])  # take the client
        for _ in range(round(seconds * RATE_HZ / BLOCK)):
            line.send([(0.0, 0.0, 9.81)] * BLOCK, 100_000.0)
        client.settimeout(0.3)  # loopback: what was sent is there
        data = b""
        with suppress(TimeoutError):
            while more := client.recv(4096):
                data += more
    return data


def test_a_box_says_hello_blocks_and_pressure() -> None:
    """A hello first and every 5 s, a block for each 25 samples, a pressure each second."""
    with BoxLine(codec.BoxIdentity("LB-00001"), tcp_port=0) as line:
        data = _heard(line, 10)
    kinds = [data[at + 2] for at in range(len(data)) if data[at : at + 2] == codec.SYNC]
    assert kinds[0] == codec.HELLO
    assert (kinds.count(codec.HELLO), kinds.count(codec.ACCELERATION), kinds.count(codec.PRESSURE)) == (2, 20, 10)


def test_a_silent_box_says_nothing() -> None:
    """Silence is silence on the wire."""
    with BoxLine(codec.BoxIdentity("LB-00001"), tcp_port=0) as line:
        line.silent = True
        assert _heard(line, 2) == b""


def test_a_ride_is_felt() -> None:
    """The length of what the box feels follows the car's acceleration: its integral is the car's speed."""
    lift = Lift(LiftSpec("lift-01", people_per_minute=0.0), seed=1)
    feeler = Feeler(lift, seed=1)
    lift.stop_between("never")  # people come, so the car rides
    rise, speed = 0.0, []
    for step in range(3000):
        lift.advance((step + 1) * STEP_US)
        feeler.step()
        if lift.body.moving:
            rise += (float(np.linalg.norm(feeler.take()[-1])) - 9.81) / RATE_HZ
            speed.append((lift.body.car.v, rise))
    assert max(abs(true) for true, _ in speed) > 0.5
    assert np.corrcoef(np.array(speed).T)[0, 1] > 0.9


def test_the_same_seed_feels_the_same() -> None:
    """A play is the same however often it is played."""
    felt = []
    for _ in range(2):
        lift = Lift(LiftSpec("lift-01"), seed=3)
        feeler = Feeler(lift, seed=3)
        for step in range(500):
            lift.advance((step + 1) * STEP_US)
            feeler.step()
        felt.append((feeler.take(), feeler.pascal()))
    assert felt[0] == felt[1]
