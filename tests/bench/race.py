"""Who brings the same messages from the broker to the database, how fast and for how much processor time.

Every contender is started and says that it is subscribed. Then messages that were made beforehand are published as fast
as the broker takes them, on the same two cores, and the clock runs from the first of them until the database has all.
Processor time is that of the contender's processes alone.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from device_profiles.topics import lane_filter
from simulators.fleet.offer import Offer
from simulators.fleet.packs import KIND, PROFILE, Fleet
from tests.bench import rig
from tests.bench.influx import DATABASE, Influx
from tests.servers import need

_TIMEOUT_S = 120.0
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


class Lap(NamedTuple):
    """One contender, once."""

    rate: float  # messages a second
    cpu_s: float  # of 100,000 messages
    broker_s: float  # the same, of the broker
    influx_s: float  # the same, of the database


def cpu_s(pid: int) -> float:
    """Return the processor seconds that a process and all its threads have used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK_S


class Load:
    """Messages made beforehand as they go over the wire, and the thread that does nothing but publish them."""

    def __init__(self, port: int, fleet: Fleet, *, count: int) -> None:
        self._offer = Offer(port, f"fleet-{time.time_ns()}")
        pieces = list(self._offer.pieces(fleet.packs(count, now_us=time.time_ns() // 1_000)))
        self._thread = threading.Thread(target=self._offer.push, args=(pieces,), name="load", daemon=True)

    def __enter__(self) -> "Load":
        """Begin to publish."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Wait until the broker has everything."""
        self._thread.join(_TIMEOUT_S)
        self._offer.settle()
        self._offer.close()


def lap(
    processes: Sequence[subprocess.Popen[str]],
    server: rig.Mosquitto,
    *,
    influx: Influx,
    load: Load,
    run: Callable[[], int],
    settle: Callable[[], None] = lambda: None,
) -> Lap:
    """Publish ``load`` until ``run`` returns how many messages ``processes`` have archived.

    What it does until ``settle`` returns counts as processor time too, but not against its rate.
    """
    assert server.process is not None
    ours = [process.pid for process in processes]
    before = [sum(map(cpu_s, ours)), cpu_s(server.process.pid), cpu_s(influx.process.pid)]
    began = time.perf_counter()
    with load:
        count = run()
        passed = time.perf_counter() - began
    settle()
    after = [sum(map(cpu_s, ours)), cpu_s(server.process.pid), cpu_s(influx.process.pid)]
    return Lap(count / passed, *[(new - old) * 1e5 / count for new, old in zip(after, before, strict=True)])


def contender(kind: str, server: rig.Mosquitto, *, influx: Influx, count: int, readings: int = 1) -> Lap:
    """Return the lap of a baseline, once the database is seen to have every reading of its messages."""
    influx.empty()
    command = [sys.executable, "-m", "tests.bench.contenders", kind, "--url", influx.url]
    command += ["--count", str(count), "--port", str(server.port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        _expect(process, "ready")
        load = Load(server.port, Fleet(agents=50, epoch=int(time.time()), readings=readings), count=count)

        def run() -> int:
            _expect(process, "done")
            return count

        measured = lap([process], server, influx=influx, load=load, run=run)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    _check(influx, count * readings)
    return measured


def hub(
    server: rig.Mosquitto, folder: Path, *, influx: Influx, count: int, readings: int = 1, apart: bool = False
) -> Lap:
    """Return the lap of the hub: journal, ledger, alarms, twins and archive have all of it at the end.

    With ``apart`` the archive is a process of its own, whose processor time is the hub's too.
    """
    influx.empty()
    profiles = folder / "profiles"
    profiles.mkdir(parents=True)
    (profiles / f"{KIND}.toml").write_text(PROFILE, encoding="utf-8")
    extra = f'[archive]\nkind = "influx"\nurl = "{influx.url}"\ndatabase = "{DATABASE}"\n'
    extra += f"apart = {str(apart).lower()}\n"
    with ExitStack() as stack, rig.hub(folder, server.url, profiles="profiles", extra=extra) as process:
        processes = [process]
        if apart:
            command = [sys.executable, "-m", "hub", "run", str(folder / "hub.toml"), "--only", "archive"]
            processes.append(stack.enter_context(rig.program(command)))
        data, fleet = folder / "data", Fleet(agents=50, epoch=int(time.time()), readings=readings)
        offer = Offer(server.port, "fleet-births")
        offer.send(fleet.births(now_us=time.time_ns() // 1_000))
        offer.close()
        rig.wait_until(lambda: rig.journalled(data) == fleet.agents, timeout_s=30, what="journalling the births")
        start = rig.last_pack(data)
        load = Load(server.port, fleet, count=count)

        def run() -> int:
            rig.wait_until(lambda: rig.archived(data) >= start + count, timeout_s=_TIMEOUT_S, what="archiving")
            last = rig.last_pack(data)
            # the hub's word costs a look into a file; that of the database, which counts, a turn of it each time
            rig.wait_until(lambda: rig.archived(data) >= last, timeout_s=_TIMEOUT_S, what="archiving the rest")
            rig.wait_until(lambda: _archived(influx) >= last, timeout_s=_TIMEOUT_S, what="the database's word")
            return count

        def settle() -> None:
            last = rig.last_pack(data)
            rig.wait_until(lambda: min(rig.cursors(data)) >= last, timeout_s=30, what="alarms, twins and ledger")

        measured = lap(processes, server, influx=influx, load=load, run=run, settle=settle)
        if rig.journalled(data) != count + fleet.agents:
            raise RuntimeError("the journal has not every pack: the lap is worth nothing")
    _check(influx, count * readings, measurement="facts")
    return measured


def subscriber(server: rig.Mosquitto, *, count: int) -> Lap:
    """Return the lap of mosquitto_sub, which prints the messages to nowhere."""
    command = [need("mosquitto_sub"), "-p", str(server.port), "-q", "1", "-t", lane_filter("reading"), "-C", str(count)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, text=True)
    assert server.process is not None
    try:
        time.sleep(0.5)  # it tells nobody when it is subscribed; were it not, messages would lack and it would not end
        load = Load(server.port, Fleet(agents=50, epoch=int(time.time())), count=count)
        before, brokers = cpu_s(process.pid), cpu_s(server.process.pid)
        began = time.perf_counter()
        with load:
            used = _until_dead(process)
            passed = time.perf_counter() - began
        broker = cpu_s(server.process.pid) - brokers
        return Lap(count / passed, (used - before) * 1e5 / count, broker * 1e5 / count, 0.0)
    finally:
        process.kill()
        process.wait()


def _until_dead(process: subprocess.Popen[str]) -> float:
    timer = threading.Timer(_TIMEOUT_S, process.kill)
    timer.start()
    _pid, status, usage = os.wait4(process.pid, 0)
    timer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    if status:
        raise RuntimeError(f"mosquitto_sub ended with {process.returncode}: it did not get every message")
    return usage.ru_utime + usage.ru_stime


def _expect(process: subprocess.Popen[str], word: str) -> None:
    assert process.stdout is not None
    timer = threading.Timer(_TIMEOUT_S, process.kill)
    timer.start()
    line = process.stdout.readline().strip()
    timer.cancel()
    if line != word:
        raise RuntimeError(f"the contender says {line!r} instead of {word!r}")


def _archived(influx: Influx) -> int:
    """Return the hub's place in the journal, up to which the database has everything."""
    series = influx.query('SELECT max("offset") FROM archive_place')
    return int(series[0]["values"][0][1]) if series else 0  # type: ignore[index]


def _check(influx: Influx, count: int, *, measurement: str = "reading") -> None:
    series = influx.query(f"SELECT count(u1) FROM {measurement}")
    found = series[0]["values"][0][1] if series else 0  # type: ignore[index]
    if found != count:
        raise RuntimeError(f"the database has {found} of {count} readings: the lap is worth nothing")


def database(influx: Influx, *, lines: int, per_request: int = 5_000, at_once: int = 2) -> float:
    """Return how many lines a second the database takes that are as long as the hub's, made beforehand."""
    influx.empty()
    pack = 'pack/agent="a1",pack/epoch=1763599000i,pack/lane=0i,pack/seq='
    fleet, now_us = Fleet(agents=50, epoch=1), time.time_ns() // 1_000
    made = [
        f"facts,area=fleet/load/street,device=meter-{number % 200} "
        f"{','.join(pair.replace(chr(34), '').replace(':', '=') for pair in _pairs(payload))},{pack}{number}i "
        f"{now_us + number}"
        for number, (_, payload) in enumerate(fleet.packs(lines, now_us=now_us))
    ]
    bodies = ["\n".join(made[start : start + per_request]).encode() for start in range(0, lines, per_request)]
    began = time.perf_counter()
    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(influx.write, bodies))
    passed = time.perf_counter() - began
    _check(influx, lines, measurement="facts")
    return lines / passed


def _pairs(payload: bytes) -> list[str]:
    values = payload.decode().partition('"values":{')[2]
    return values.partition("}")[0].split(",")
