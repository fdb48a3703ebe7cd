"""Where the devices stand that can be keys of a site's rule: one that stands nowhere agrees with nobody."""

from collections import Counter
from collections.abc import Iterator

import msgspec
import sqlalchemy as sa

from device_profiles.profile import load_profiles
from device_profiles.specs.condition import Condition
from hub.alarms.city.policy import parse_policy
from hub.alarms.kept.store import device_state
from hub.alarms.rows import DeviceState
from hub.data import read_database
from hub.doctor import Finding, Level, Patient


def positions(patient: Patient) -> Finding:
    """Whether each device that says what such a rule asks for has a position, or an asset that another such one has."""
    settings = patient.settings
    policy = parse_policy(settings.read_policy(), file=settings.config.policy)
    asked = list(_asked(patient))
    with read_database(settings.database) as connection:
        query = sa.select(device_state.c.body).where(device_state.c.key.like("device %"))
        devices = [msgspec.json.decode(body, type=DeviceState) for body in connection.execute(query).scalars()]
    keys = [one for one in devices if any(_says(one, names) for names in asked)]
    shared = Counter(one.asset for one in keys if one.asset)
    nowhere = [one.key for one in keys if policy.position(one.key, one.asset) is None and shared[one.asset] < 2]
    if nowhere:
        says = f"{len(nowhere)} devices are keys of a site's rule and stand nowhere: {', '.join(sorted(nowhere)[:3])}"
        return Finding(Level.WARN, f"{says}; they agree with nobody", "write [[positions]] into the policy")
    return Finding(Level.OK, f"{len(keys)} devices are keys of a site's rule, and each has its place")


def _asked(patient: Patient) -> Iterator[frozenset[str]]:
    """Yield the values that each condition of a site's key is over."""
    for profile in load_profiles(patient.settings.profiles).values():
        for rule in profile.spec.alarms:
            if rule.subject == "site":
                yield from (Condition(key.when).names for key in rule.keys.values() if key.when is not None)


def _says(device: DeviceState, names: frozenset[str]) -> bool:
    return all(device.values.get(name) is not None for name in names)
