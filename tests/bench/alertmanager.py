"""Beside Debian's Alertmanager, the same jobs: a single alarm, a burst, SIGKILL, a receiver that is away."""

import statistics
import time
from pathlib import Path

from tests.bench import rig
from tests.bench.report import Figure
from tests.bench.tellers import Ours, Theirs

BURST = 5_000
SINGLES = 20
AWAY_S = 12.0
BACK_S = 15.0  # how long a receiver that is back waits to be told
TOLD_S = 30.0
MOST_NOTICES = 20
Teller = Ours | Theirs


def measure(folder: Path) -> list[Figure]:
    """Return times and losses of both, and the gated ratios."""
    grouped = Theirs(folder / "grouped", grouped=True)
    try:
        idle_s = grouped.burst(range(BURST))
    finally:
        grouped.stop()
    ours, theirs = Ours(folder / "ours", points=BURST + SINGLES + 1), Theirs(folder / "theirs")
    try:
        figures = [*_singles(ours, theirs), *_burst(ours, theirs, idle_s=idle_s)]
        figures += [*_killed(ours), *_killed(theirs), *_away(ours, theirs)]
    finally:
        ours.stop()
        theirs.stop()
    return figures


def _singles(ours: Ours, theirs: Theirs) -> list[Figure]:
    took: dict[str, list[float]] = {ours.name: [], theirs.name: []}
    for number in range(BURST, BURST + SINGLES):
        for each in (ours, theirs):
            took[each.name].append(_single(each, number))
    return [
        Figure(
            f"single alarm to webhook, {name}, p50",
            statistics.median(ms),
            "ms",
            detail=f"worst of {SINGLES}: {max(ms):.0f}",
        )
        for name, ms in took.items()
    ]


def _single(teller: Teller, number: int) -> float:
    """Return ms until an alarm is told."""
    device, began_ns = teller.device(number), time.perf_counter_ns()
    teller.fires(number)
    rig.wait_until(lambda: device in teller.told(), timeout_s=TOLD_S, what=f"telling by {teller.name}")
    return (teller.told()[device] - began_ns) / 1e6


def _burst(ours: Ours, theirs: Theirs, *, idle_s: float) -> list[Figure]:
    before = len(ours.hook.calls)
    journalled_s, alarmed_s = ours.burst(range(BURST))
    wanted = {ours.device(number) for number in range(BURST)}
    hidden = len(wanted - ours.state()[0])
    rig.wait_until(lambda: wanted <= ours.told().keys(), timeout_s=TOLD_S, what="telling the burst")
    notices = len(ours.hook.calls) - before
    before = len(theirs.hook.calls)
    accepted_s = theirs.burst(range(BURST))
    time.sleep(max(0.0, 10.0 - accepted_s))
    their_notices = len(theirs.hook.calls) - before
    return [
        Figure("burst accepted, hub: journalled and synced", BURST / journalled_s, "/s"),
        Figure("burst accepted, hub: alarms made", BURST / alarmed_s, "/s", detail=f"{BURST:,}, each a message"),
        Figure("burst accepted, Alertmanager", BURST / accepted_s, "/s", detail="each a POST, told at once; in memory"),
        Figure("burst accepted, Alertmanager that tells nobody yet", BURST / idle_s, "/s", detail="group_wait 60 s"),
        Figure("alarms made, hub / accepted, Alertmanager", accepted_s / alarmed_s, "×", gate=">= 1"),
        Figure("alarms made, hub / accepted, Alertmanager that tells nobody yet", idle_s / alarmed_s, "×"),
        Figure("notices of the burst, hub / 20", notices / MOST_NOTICES, "×", gate="<= 1", detail=f"{notices} notices"),
        Figure("notices of the burst in 10 s, Alertmanager", their_notices, ""),
        Figure("burst listed by hub alarm list", 1 - hidden / BURST, "×", gate=">= 1", detail=f"{hidden} hidden"),
    ]  # fmt: skip


def _killed(teller: Teller) -> list[Figure]:
    """SIGKILL after a burst and a silence, and start it again; count what it no longer knows."""
    teller.silence(0)
    before, silences = teller.state()
    teller.kill()
    began = time.perf_counter()
    teller.start()
    took = time.perf_counter() - began
    after, left = teller.state()
    lost, gone = len(before - after), silences - left
    gate = "<= 0" if isinstance(teller, Ours) else ""
    detail = f"of {len(before):,} and {silences}; started in {took:.1f} s"
    return [Figure(f"alarms and silences lost by SIGKILL, {teller.name}", lost + gone, "", gate=gate,
                   detail=f"{lost:,} alarms and {gone} silences lost {detail}")]  # fmt: skip


def _away(ours: Ours, theirs: Theirs) -> list[Figure]:
    """An alarm fires and clears while the receiver is away; say whether it is ever told."""
    both: tuple[Teller, ...] = (ours, theirs)
    for each in both:
        each.hook.stop()
        each.fires(BURST + SINGLES)
    time.sleep(2.0)
    for each in both:
        each.clears(BURST + SINGLES)
    time.sleep(AWAY_S - 2.0)
    back_ns = time.perf_counter_ns()
    for each in both:
        each.hook.start()
    deadline = time.monotonic() + BACK_S
    devices = {each.name: each.device(BURST + SINGLES) for each in both}
    while time.monotonic() < deadline and not all(devices[each.name] in each.told() for each in both):
        time.sleep(0.5)
    figures = []
    for each in both:
        told_ns = each.told().get(devices[each.name])
        detail = f"told {(told_ns - back_ns) / 1e9:.1f} s after the receiver was back" if told_ns else "never told"
        gate = "<= 0" if each is ours else ""
        name = f"fired and cleared in {AWAY_S:.0f} s without a receiver, not told, {each.name}"
        figures.append(Figure(name, float(told_ns is None), "", gate=gate, detail=detail))
    return figures
