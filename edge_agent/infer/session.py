"""An ONNX Runtime session for the edge: threads from the CPU set, no spinning, no surprises."""

import os

import onnxruntime as ort  # type: ignore[import-untyped]


def cpus() -> int:
    """Return how many CPUs this process may run on: its CPU set, not the machine's count."""
    return len(os.sched_getaffinity(0))


def session_options(*, threads: int = 1) -> "ort.SessionOptions":
    """Return options for ``threads`` (0: all of the CPU set), which sleep when there is nothing to do."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads or cpus()
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4
    return options
