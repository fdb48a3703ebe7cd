"""Fact to alarm while the archive's database hangs (SIGSTOP) and while it does not, in turn, in one run."""

import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

from tests.bench import rig
from tests.bench.influx import DATABASE, influx
from tests.bench.latency import PERIOD_S, RATE, SETTLE_S, Centre, tell_alarms
from tests.bench.report import Figure, p99

ALARMS = 480
STRETCH = 120  # alarms, 12 s: longer than a request may take
GOAL, SHARE = 1.5, 0.85  # the gate is looser than the goal by as much as everywhere


def measure(folder: Path) -> list[Figure]:
    """Return p50 and p99 of both, and the gated ratio."""
    folder.mkdir(parents=True, exist_ok=True)
    with rig.broker(folder) as server, influx(folder / "influx") as store:
        extra = f'[archive]\nkind = "influx"\nurl = "{store.url}"\ndatabase = "{DATABASE}"\n'
        with rig.hub(folder / "hub", server.url, extra=extra):
            centre = Centre(server.port)
            command = [sys.executable, "-m", "tests.bench.load", "--port", str(server.port), "--rate", str(RATE)]
            load = subprocess.Popen(
                [*command, "--seconds", str(2 * SETTLE_S + ALARMS * PERIOD_S)], stdout=subprocess.DEVNULL
            )

            def before(number: int) -> None:
                if number % STRETCH == 0:
                    hangs = number // STRETCH % 2
                    store.process.send_signal(signal.SIGSTOP if hangs else signal.SIGCONT)

            time.sleep(SETTLE_S)
            try:
                told = tell_alarms(folder, server.url, centre, alarms=ALARMS, before=before)
            finally:
                store.process.send_signal(signal.SIGCONT)
            load.wait(60)
            centre.stop()
    free, hung = ([ms for number, ms in enumerate(told) if number // STRETCH % 2 == half] for half in (0, 1))
    median = statistics.median
    return [
        Figure("fact to alarm, archive well, p99", p99(free), "ms", detail=f"p50 {median(free):.1f}"),
        Figure("fact to alarm, archive hangs, p99", p99(hung), "ms", detail=f"p50 {median(hung):.1f}; influxd stopped"),
        Figure("p99 while the archive hangs / while it is well", p99(hung) / p99(free), "×",
               gate=f"<= {GOAL / SHARE:.2f}", detail=f"goal at most {GOAL:g}"),
    ]  # fmt: skip
