"""Whether what a person names is known: a slip of the pen must not read like an answer."""

import sys

import sqlalchemy as sa

from hub.alarms.kept.log import read_alarm, read_alarms
from hub.alarms.kept.store import device_state
from hub.alarms.transitions import Alarm
from hub.errors import NoSuchAlarm


def named_alarm(connection: sa.Connection, alarm_id: str, *, still_open: bool = False) -> Alarm:
    """Return an alarm, which must be open if that is asked for. Raises NoSuchAlarm."""
    alarm = read_alarm(connection, alarm_id)
    if alarm is None or (still_open and not alarm.open):
        raise NoSuchAlarm(f"no {'open ' if still_open else ''}alarm {alarm_id!r}: see `hub alarm list`")
    return alarm


def note_area(connection: sa.Connection, area: str) -> None:
    """Say so where nothing was ever heard from an area or below it: that there is no alarm in it says nothing."""
    keys = connection.execute(sa.select(device_state.c.key).where(device_state.c.key.startswith("agent "))).scalars()
    below = f"agent {area.rstrip('/')}/"
    if not any(key.startswith(below) for key in keys) and not any(one.within(area) for one in read_alarms(connection)):
        sys.stderr.write(f"hub: nothing was ever heard from {area}: no agent and no alarm is known there\n")


def is_device(connection: sa.Connection, device: str) -> bool:
    """Return whether anything is known of a device, as area/device."""
    query = sa.select(device_state.c.key).where(device_state.c.key == f"device {device}")
    return connection.execute(query).first() is not None
