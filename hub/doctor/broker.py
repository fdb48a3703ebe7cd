"""The broker, asked with the hub's own name and password; and whether the hub is heard there."""

import contextlib
import os
import threading
from importlib.metadata import version

import msgspec

from device_profiles.link import Inbound, Link
from device_profiles.topics import hub_status_topic
from hub.doctor import Finding, Level, Patient
from hub.heartbeat import ABSENT_S, HubStatus

WAIT_S = 5.0
RETAINED_S = 0.5  # for the last word of a hub, where none is to speak


def broker(patient: Patient) -> Finding:
    """Whether the broker lets us in, and a hub that runs is heard there, by its own version."""
    config, heard, status = patient.settings.config, threading.Event(), list[HubStatus]()

    def hear(message: Inbound) -> None:
        with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError):  # anybody may have written there
            status.append(msgspec.json.decode(message.payload, type=HubStatus))
            heard.set()

    link = Link(
        config.broker,
        client_id=f"hub-{config.hub}-doctor-{os.getpid()}",
        folder=patient.settings.folder,
        persistent=False,
        subscriptions=(hub_status_topic(config.hub),),
        on_message=hear,
    )
    link.start()
    try:
        if not link.subscribed.wait(WAIT_S):
            says = f"{config.broker.url} does not answer, or refuses us"
            return Finding(Level.FAIL, says, "start it; check broker.url, username and password_file")
        heard.wait(WAIT_S if patient.runs else RETAINED_S)
    finally:
        link.stop()
    return _weigh(patient, status)


def _weigh(patient: Patient, status: list[HubStatus]) -> Finding:
    url = patient.settings.config.broker.url
    others = _others(patient, status[-1]) if status else set()
    if others:
        says = f"{url}: another hub named {patient.settings.config.hub} is alive there, in {', '.join(sorted(others))}"
        return Finding(Level.FAIL, says, "stop one of the two, or give one another name (hub in hub.toml)")
    if not patient.runs:
        return Finding(Level.OK, f"{url} answers")
    if not status or not status[-1].online:
        return Finding(Level.FAIL, f"{url} answers, but the hub is not heard there", "look at the hub's log")
    age_s = _age_s(patient, status[-1])
    if age_s > ABSENT_S:
        return Finding(Level.FAIL, f"{url}: the hub was heard {age_s:.0f} s ago", "look at the hub's log")
    if status[-1].version != version("citynerve"):
        says = f"the hub that runs is version {status[-1].version}, installed is {version('citynerve')}"
        return Finding(Level.WARN, says, "start it anew")
    return Finding(Level.OK, f"{url} answers, the hub is heard")


def _age_s(patient: Patient, status: HubStatus) -> float:
    return patient.clock.real_seconds((patient.clock.wall_us() - status.t_us) / 1e6)


def _others(patient: Patient, status: HubStatus) -> set[str]:
    """Return the processes of hubs that are alive under this name and are not the one that is looked at."""
    if not status.online or _age_s(patient, status) > ABSENT_S:
        return set()
    if patient.runs and not (status.process and patient.process):  # one of the two has not said where it is
        return set(status.others)
    return {status.process or "a process unknown", *status.others} - {patient.process}
