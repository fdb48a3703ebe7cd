"""An uplink that runs with its thread."""

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

from device_profiles.clock import Clock
from edge_agent.outbox import Outbox
from edge_agent.uplink import Uplink
from tests.edge_agent.configs import loaded_config


@contextlib.contextmanager
def sending(folder: Path, outbox: Outbox, url: str) -> Iterator[Uplink]:
    """Run an uplink with its thread."""
    uplink = Uplink(loaded_config(folder, url=url), outbox, clock=Clock(), goodbye_s=0.3)
    thread = threading.Thread(target=uplink.run, name="uplink")
    thread.start()
    try:
        yield uplink
    finally:
        uplink.stop()
        thread.join()
