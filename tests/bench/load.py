"""A load of readings from many agents at a steady rate, as a process of its own."""

import argparse
import time

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from device_profiles import topics, wire

AREA = "bench/bench/load"
DEVICES = 8  # of each agent


def packs_of(agent: int, *, seq: int, epoch: int, readings: int, now_us: int) -> bytes:
    """Return a reading pack of ``readings`` readings with three changed values each, as a busy lift terminal sends."""
    facts = tuple(
        wire.Reading(
            f"lift-{agent}-{index % DEVICES}",
            now_us - 1000 * (readings - index),
            {
                "car_position": (seq + index) % 30,
                "speed_mps": ((seq * 7 + index) % 400) / 100,
                "load_kg": 75.0 * (index % 5),
            },
        )
        for index in range(readings)
    )
    clock = wire.ClockState("ntp", 0)
    return wire.encode_pack_of(
        wire.encode_facts(facts),
        agent=f"a{agent}",
        boot="bench",
        epoch=epoch,
        lane="reading",
        seq=seq,
        sent_us=now_us,
        clock=clock,
    )


def birth_of(agent: int, *, epoch: int, now_us: int) -> bytes:
    """Return the birth that binds the agent's devices to the lift profile."""
    devices = tuple(wire.Binding(f"lift-{agent}-{index}", "lift_terminal") for index in range(DEVICES))
    status = wire.Status(now_us, epoch, online=True, devices=devices)
    return wire.encode_pack_of(
        wire.encode_facts((status,)),
        agent=f"a{agent}",
        boot="bench",
        epoch=epoch,
        lane="status",
        seq=1,
        sent_us=now_us,
        clock=wire.ClockState(),
    )


def address(agent: int) -> topics.AgentAddress:
    """Return where agent number ``agent`` stands."""
    return topics.AgentAddress(AREA, f"a{agent}")


def run(*, port: int, rate: int, agents: int, pack: int, seconds: float) -> int:
    """Publish ``rate`` readings a second for ``seconds`` in packs of ``pack``; return how many readings went out."""
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="bench-load")
    client.max_queued_messages_set(0)
    client.max_inflight_messages_set(10_000)
    client.connect("127.0.0.1", port)
    client.loop_start()
    epoch = int(time.time())
    for agent in range(agents):
        topic = topics.lane_topic(address(agent), "status")
        client.publish(topic, birth_of(agent, epoch=epoch, now_us=time.time_ns() // 1000), qos=1)
    began, sent = time.monotonic(), 0
    while (passed := time.monotonic() - began) < seconds:
        while sent < passed * rate / pack:
            agent, seq = sent % agents, sent // agents + 1
            payload = packs_of(agent, seq=seq, epoch=epoch, readings=pack, now_us=time.time_ns() // 1000)
            client.publish(topics.lane_topic(address(agent), "reading"), payload, qos=1)
            sent += 1
        time.sleep(pack / rate / 2)
    client.disconnect()
    client.loop_stop()
    return sent * pack


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for name, kind, default in (
        ("port", int, 1883),
        ("rate", int, 2000),
        ("agents", int, 50),
        ("pack", int, 10),
        ("seconds", float, 10.0),
    ):
        parser.add_argument(f"--{name}", type=kind, default=default)
    print(run(**vars(parser.parse_args())))
