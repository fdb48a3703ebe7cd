"""The four makes of platform, written out by hand: what each sends for a report.

They know nothing of the profile's dialects, so that a wrong polarity there shows on the wire.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec

from simulators.platforms.terminal import Meters, Report

BEIJING = timezone(timedelta(hours=8))


class Push(msgspec.Struct, frozen=True):
    """One report on its way to the city."""

    registration_code: str
    t_us: int
    report: Report
    meters: Meters
    before: Report | None = None  # what was said last; None: say everything


class Make(msgspec.Struct, frozen=True):
    """How one make of platform talks."""

    body: Callable[[Sequence[Push]], Any]
    batch: int = 1  # reports in one body at most


def _code11(pushes: Sequence[Push]) -> Any:
    (push,) = pushes
    report, meters = push.report, push.meters
    return {
        "registerCode": push.registration_code,
        "ts": push.t_us // 1000,
        "serviceMode": report.mode,
        "carStatus": 1 if report.moving else 0,
        "carDirection": report.direction,
        "doorZone": 1 if report.door_zone else 0,
        "carPosition": report.floor,
        "doorStatus": 1 if report.door_closed else 0,
        "passengerStatus": 255 if report.passenger is None else int(report.passenger),
        "alarmButton": int(report.button),
        "faultCode": 11 if report.entrapped else report.fault,
        "totalRunningTime": meters.hours,
        "tripCount": meters.trips,
    }


def _code0101(pushes: Sequence[Push]) -> Any:
    return {"version": "2.1", "data": {"lifts": [_lift0101(push) for push in pushes]}}


def _lift0101(push: Push) -> Any:
    report = push.report
    alarms = [f"{report.fault:04}"] if report.fault else []
    alarms += ["0090"] if report.button else []
    alarms += ["0101"] if report.entrapped else []
    when = datetime.fromtimestamp(push.t_us // 1_000_000, UTC).astimezone(BEIJING)
    return {
        "device": {"regNo": push.registration_code},
        "collectTime": f"{when:%Y-%m-%d %H:%M:%S}.{push.t_us // 1000 % 1000:03}",
        "run": {
            "mode": f"{report.mode:02}",
            "state": _yes(report.moving),
            "direction": "NUD"[report.direction],
            "doorZone": _yes(report.door_zone),
            "floor": report.floor,
        },
        "door": {"closed": _yes(report.door_closed)},
        "cabin": {"person": _yes(report.passenger)},  # loadT is left out: these lifts do not weigh
        "alarms": alarms,
    }


def _yes(word: bool | None) -> int:
    return 0 if word is None else 1 if word else 2


def _code7and8(pushes: Sequence[Push]) -> Any:
    (push,) = pushes
    report = push.report
    fault = {"": report.fault, "between": 7, "level": 8}[report.entrapped]
    said = {
        "run": int(report.moving),
        "doorZone": 0 if report.door_zone else 1,
        "door": 0 if report.door_closed else 1,
        "person": -1 if report.passenger is None else int(report.passenger),
        "alarm": int(report.button),
        "mode": {0: "STOP", 1: "AUTO", 2: "INSP", 3: "FIRE_RETURN", 4: "FIREMAN", 5: "EPS", 6: "QUAKE"}[report.mode],
        "floor": report.floor,
        "trips": push.meters.trips,
        "fault": fault,
    }
    params = [{"id": name, "val": value} for name, value in said.items()]
    return {"regCode": push.registration_code, "time": push.t_us / 1e6, "params": params}


def _nocode(pushes: Sequence[Push]) -> Any:
    (push,) = pushes
    now = _body(push.report)
    if push.before is not None:
        before = _body(push.before)
        now = {name: value for name, value in now.items() if before[name] != value}
    return {"h": {"t": push.t_us // 1000}, "b": now}


def _body(report: Report) -> dict[str, Any]:
    return {
        "moving": report.moving,
        "level": report.door_zone,
        "door": 2 if report.door_closed else 1,
        "cabin": 3 if report.passenger is None else 2 if report.passenger else 1,
        "mode": report.mode,
        "floor": report.floor,
        "err": f"E{90 if report.button else report.fault:02}",
    }


MAKES: Mapping[str, Make] = {
    "code11": Make(_code11),
    "code0101": Make(_code0101, batch=50),
    "code7and8": Make(_code7and8),
    "nocode": Make(_nocode),
}
