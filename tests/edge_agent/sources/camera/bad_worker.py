"""A worker that reports once, like a good one, and then does what the address of its order says."""

import os
import sys
import time

from edge_agent.sources.camera.messages import Health, Report, decode_order, encode_report
from edge_agent.sources.camera.streams.trouble import Stream, Trouble

STALLED = Health(False, Stream.TIMEOUT, "", {Trouble.STALLED: True}, {}, {})


def say() -> None:
    """Report."""
    os.write(1, encode_report(Report(1, STALLED)))


def main() -> None:
    """Go wrong."""
    way = decode_order(sys.stdin.buffer.readline()).url
    say()
    if way == "crash":
        print("it is dark in here", file=sys.stderr)
        sys.exit(3)
    if way == "babble":
        os.write(1, b"hello, agent")
    held = []
    while True:
        if way == "bloat" and len(held) < 10:
            held.append(bytearray(100_000_000))
        if way == "burn":  # it talks, and no picture comes
            end_s = time.monotonic() + 0.02
            while time.monotonic() < end_s:
                pass
        if way != "spin":
            say()
            time.sleep(0.0 if way == "burn" else 0.02)


if __name__ == "__main__":
    main()
