"""The brokers of a stage: Mosquitto where the machine has it, elsewhere the embedded one, which needs no root."""

import os
import shutil
import sys
from pathlib import Path

from simulators.stage.process import Program

_MOSQUITTO_READY = " running"  # the last word of its log's line; the embedded one says what all our programs say
_EMBEDDED = (sys.executable, "-m", "simulators.broker")


def find_mosquitto() -> str | None:
    """Return Mosquitto's path; Debian installs it where only root's PATH reaches."""
    return shutil.which("mosquitto", path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin")))


def city_broker(port: int, folder: Path, *, mosquitto: str | None, log: Path) -> Program:
    """Return the city's own, with the accounts and the access list that `hub broker` wrote into ``folder``."""
    if mosquitto is not None:
        return Program("broker", [mosquitto, "-c", str(folder / "mosquitto.conf")], log=log, ready=_MOSQUITTO_READY)
    return Program("broker", [*_EMBEDDED, str(port), str(folder / "passwords"), str(folder / "acl")], log=log)


def open_broker(name: str, port: int, folder: Path, *, mosquitto: str | None) -> Program:
    """Return one that lets everybody in: a platform's, or a network server's."""
    log = folder / "logs" / f"{name}.log"
    if mosquitto is None:
        return Program(name, [*_EMBEDDED, str(port)], log=log)
    config = folder / f"{name}.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n", encoding="utf-8")
    return Program(name, [mosquitto, "-c", str(config)], log=log, ready=_MOSQUITTO_READY)
