"""Tell an Alertmanager, API v2: an alert for each alarm, as it stands."""

from pathlib import Path

import msgspec

from device_profiles.config import duration_s
from hub.alarms.transitions import Alarm
from hub.channels.channel import Receipt
from hub.channels.cloudevents import rfc3339
from hub.channels.notice import Notice, last_of
from hub.channels.receivers import AlertmanagerReceiver
from hub.channels.ways.post import Poster

FOREVER_US = 3_650 * 86_400_000_000  # without an end Alertmanager resolves by itself after minutes: only we say so
_encoder = msgspec.json.Encoder(order="deterministic")


class Alertmanager:
    """A channel to one Alertmanager."""

    def __init__(self, receiver: AlertmanagerReceiver, *, hub: str, folder: Path) -> None:
        """``folder``: what the config's paths are relative to."""
        ca_file = folder / receiver.ca_file if receiver.ca_file else None
        url = receiver.url.rstrip("/") + "/api/v2/alerts"
        self._poster = Poster(url, timeout_s=duration_s(receiver.timeout), ca_file=ca_file)
        self._hub = hub

    async def send(self, notice: Notice) -> Receipt:
        """Post the alarms of a notice. Raises DeliveryError."""
        body = _encoder.encode([alert(last.alarm, hub=self._hub, t_us=last.t_us) for last in last_of(notice)])
        return await self._poster.post(body, {"Content-Type": "application/json"})

    async def close(self) -> None:
        """Close the connection."""
        await self._poster.close()


def alert(alarm: Alarm, *, hub: str, t_us: int) -> dict[str, object]:
    """Return the postable alert of an alarm as of ``t_us``. Its labels, which identify it, never change."""
    labels = {
        "alertname": alarm.rule,
        "alarm": alarm.id,
        "subject": alarm.subject,
        "severity": alarm.severity,
        "area": alarm.area,
        "device": alarm.device,
        "asset": alarm.asset,
        "hub": hub,
    }
    begin_us = alarm.t_raised_us  # the hub's clock: a device's may be ahead of Alertmanager's
    flags = [flag for flag, is_set in (("acknowledged", alarm.acknowledged), ("stale", alarm.stale)) if is_set]
    return {
        "labels": {name: value for name, value in labels.items() if value},
        "annotations": {"summary": alarm.title, "flags": " ".join(flags), "since": rfc3339(alarm.t_fact_us)},
        "startsAt": rfc3339(begin_us),
        "endsAt": rfc3339(begin_us + FOREVER_US if alarm.open else max(t_us, begin_us + 1)),
    }
