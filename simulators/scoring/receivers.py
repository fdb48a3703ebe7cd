"""What the receivers were told, and how the city answered, against what the scenario asks for."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from device_profiles.config import duration_s
from simulators.play.scenario import Scenario
from simulators.receivers.office import HeardNotice
from simulators.receivers.spec import ReceiverSpec
from simulators.scoring.check import Check

STAGES = ("detected", "raised", "alerted", "acknowledged", "dispatched", "arrived", "safe", "closed")


class Inquest(msgspec.Struct, frozen=True):
    """What the hub says at the end of the story, by its own commands."""

    alarms: Sequence[Mapping[str, Any]] = ()  # hub alarm list --json
    response: Mapping[str, Any] = {}  # hub response --json
    audit_code: int = 0  # hub audit verify
    audit: str = ""
    why: Sequence[Mapping[str, Any]] = ()  # hub why ALARM --json, of sites' alarms, where one is inspected


def check_all(scenario: Scenario, notices: Sequence[HeardNotice], inquest: Inquest, *, speed: float) -> list[Check]:
    """Return every demand of the scenario with what was found."""
    checks = [Check("audit verify", inquest.audit_code == 0, inquest.audit.strip())]
    for crew in scenario.responders:
        told = [notice for notice in notices if notice.receiver == crew.name]
        checks.append(Check(f"{crew.name}: called", bool(told) is crew.called, f"{len(told)} notices"))
    if scenario.responders:
        checks.extend(_response_checks(inquest.response))
    for spec in scenario.receivers:
        told = [notice for notice in notices if notice.receiver == spec.name]
        checks.extend(_receiver_checks(spec, told, inquest.alarms, speed=speed))
    return checks


def _response_checks(response: Mapping[str, Any]) -> Iterator[Check]:
    """Every life alarm has every clock, and every target of it was met."""
    clocks = response.get("alarms", [])
    yield Check("response: life alarms", bool(clocks), str(len(clocks)))
    for clock in clocks:
        from_us = clock["t_us"]["detected"]
        took = {stage: (clock["t_us"][stage] - from_us) / 1e6 for stage in STAGES if stage in clock["t_us"]}
        text = ", ".join(f"{stage} {seconds:.0f} s" for stage, seconds in took.items())
        yield Check(f"{clock['subject']}: every clock", len(took) == len(STAGES), text)
        for outcome in clock["outcomes"]:
            limit = f"{outcome['stage']} within {outcome['within_us'] / 1e6:.0f} s"
            took_us = outcome["took_us"]
            found = "not reached" if took_us is None else f"{took_us / 1e6:.0f} s"
            yield Check(f"{clock['subject']}: {limit}", outcome["met"] is True, found)


def _receiver_checks(
    spec: ReceiverSpec, told: Sequence[HeardNotice], alarms: Sequence[Mapping[str, Any]], *, speed: float
) -> Iterator[Check]:
    names = {alarm.id: alarm.name for notice in told for alarm in notice.alarms}
    if spec.called is not None:
        found = list(names.values())
        yield Check(f"{spec.name}: called", found == list(spec.called), "; ".join(found))
    if spec.whole:
        untold = [alarm["id"] for alarm in alarms if alarm["id"] not in names]
        yield Check(f"{spec.name}: nothing lost", not untold, f"{len(alarms) - len(untold)} of {len(alarms)} alarms")
    if spec.most is not None:
        yield Check(f"{spec.name}: at most {spec.most} notices", len(told) <= spec.most, str(len(told)))
    kinds = Counter(notice.kind for notice in told)
    for kind, count in spec.kinds.items():
        yield Check(f"{spec.name}: {count} of kind {kind}", kinds[kind] == count, str(dict(kinds)))
    if spec.life_within is not None:
        yield _life_check(spec.name, told, within_s=duration_s(spec.life_within), speed=speed)


def _life_check(name: str, told: Iterable[HeardNotice], *, within_s: float, speed: float) -> Check:
    """A life alarm is told by itself, and soon, whatever else is told."""
    first: dict[str, tuple[str, float]] = {}
    for notice in told:
        for alarm in notice.alarms:
            if alarm.severity == "life":
                first.setdefault(alarm.id, (notice.kind, (notice.t_us - alarm.t_raised_us) / 1e6 / speed))
    good = bool(first) and all(kind == "one" and took_s <= within_s for kind, took_s in first.values())
    text = ", ".join(f"{kind} after {took_s * 1e3:.0f} ms" for kind, took_s in first.values())
    return Check(f"{name}: life within {within_s:g} s", good, text or "none")
