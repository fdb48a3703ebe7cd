"""What the agent counted of uplinks, and said of units, against what the network server really published."""

from collections.abc import Iterator, Mapping, Sequence

from simulators.ground.uplink import Published, Radio
from simulators.scoring.check import Check
from simulators.scoring.told import Told


def ground_checks(radios: Sequence[Radio], told: Mapping[str, Told], start_us: int) -> Iterator[Check]:
    """Yield what is asked of each sensor that sends uplinks."""
    for radio in radios:
        device = radio.sensor.spec.device
        said = told.get(device, Told())
        for name, true in counts(radio.published).items():
            last = next((values[name] for values in reversed(said.values) if name in values), None)
            yield Check(f"{device}: {name}", last == true, f"{last}, and {true} in truth")
        moments = {round(at_s * 1e6) for at_s in said.at_s}
        missing = [one.number for one in late(radio.published) if one.t_us - start_us not in moments]
        yield Check(f"{device}: late uplinks are kept at their own time", not missing, f"missing: {missing}")


def counts(published: Sequence[Published]) -> dict[str, int]:
    """Return what was lost below the newest, doubled and late, in one session or over several."""
    distinct = {one.order for one in published}
    lost = 0
    for session in {one.session for one in published}:
        orders = {one.order for one in published if one.session == session}
        lost += max(orders) - min(orders) + 1 - len(orders)
    doubled = len(published) - len(distinct)
    return {"uplinks_lost": lost, "uplinks_doubled": doubled, "uplinks_late": len(late(published))}


def late(published: Sequence[Published]) -> list[Published]:
    """Return, once each, what came after a later one."""
    newest, seen, found = -1, set[int](), []
    for one in published:
        if one.order < newest and one.order not in seen:
            found.append(one)
        seen.add(one.order)
        newest = max(newest, one.order)
    return found
