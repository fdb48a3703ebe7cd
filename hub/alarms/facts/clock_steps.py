"""The edge's clock was set: now(d) takes the new time once, pending timers restart (ALARMS.md, 13)."""

from msgspec.structs import replace

from device_profiles.wire import ClockStep
from hub.alarms.facts.arrivals import Arrival
from hub.alarms.rows import DeviceState, Mark, Occurrence
from hub.alarms.rulebook.assets import disturb
from hub.alarms.rulebook.timers import restart_all
from hub.alarms.rulebook.truths import part
from hub.alarms.state import State


def take_clock_step(arrival: Arrival, fact: ClockStep) -> None:
    """Carry the times of the agent's devices over to its new clock; their pending timers restart."""
    agent, pack, state = arrival.agent, arrival.pack, arrival.decisions.state
    place = pack.epoch, pack.seq or 0
    if place < (agent.step_epoch, agent.step_seq):
        return
    agent.step_epoch, agent.step_seq = place
    if pack.epoch == agent.epoch:
        agent.offset.forget()
        agent.offset.observe(received_us=arrival.decisions.received_us, sent_us=pack.sent_us)
    arrival.reckon()
    if pack.epoch == agent.epoch and agent.begun_us is not None:
        agent.begun_us = min(agent.begun_us + max(0, fact.step_us), arrival.present_us)
    state.touch(agent)
    for device in state.devices.values():
        if device.agent == agent.key and (device.epoch, device.step) <= place:
            _carry_over(arrival, device, fact.step_us)


def _carry_over(arrival: Arrival, device: DeviceState, step_us: int) -> None:
    part(device)
    if device.epoch == arrival.pack.epoch:
        device.epoch, device.step = arrival.era
        device.base_us = _stepped(arrival, device.base_us, step_us)
        if device.now_us is not None:
            now_us = _stepped(arrival, device.now_us, step_us)
            if device.asset or device.keys:  # on the hub's clock nothing has moved
                device.shift_us -= now_us - device.now_us
            device.now_us = now_us
    elif arrival.agent.begun_us is not None:  # it has not spoken since: its times are those of another session's clock
        device.base_us = min(max(device.base_us, arrival.agent.begun_us), arrival.present_us)
    begin_anew(arrival.decisions.state, device)
    arrival.decisions.state.touch(device)
    if step_us < 0:  # else new events would seem to lie before what is on the old clock
        for occurrence in arrival.decisions.state.occurrences.get(device.key, {}).values():
            _carry_marks(arrival, occurrence, step_us)


def _stepped(arrival: Arrival, t_us: int, step_us: int) -> int:
    """Return a time on the new clock; a step that leads into the future is believed no more than a reading (11)."""
    return max(0, min(t_us + step_us, arrival.future_us))


def _carry_marks(arrival: Arrival, occurrence: Occurrence, step_us: int) -> None:
    def carry(mark: Mark | None) -> Mark | None:
        if mark is None or mark.agent != arrival.agent.key or mark.epoch != arrival.pack.epoch:
            return mark
        return replace(mark, t_us=max(0, mark.t_us + step_us))

    occurrence.opened = carry(occurrence.opened)
    occurrence.cleared = carry(occurrence.cleared)
    occurrence.released = carry(occurrence.released)
    arrival.decisions.state.keep(occurrence)


def begin_anew(state: State, device: DeviceState) -> None:
    """Hold what is known of a device as unknown until it speaks, whatever its time; its pending timers restart."""
    restart_all(device.timers)
    disturb(state, device, restart=True)
    device.reckon()
    device.dark = device.rebase = True
