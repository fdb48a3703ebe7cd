"""The runtime of the models keeps to itself."""

import os
import subprocess
import sys
from pathlib import Path


def test_the_runtime_tells_nobody_that_it_runs(tmp_path: Path) -> None:
    """Left alone it keeps an id of the machine in its user's home and sends what it does to its maker."""
    without = {
        key: value for key, value in os.environ.items() if key not in ("ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME")
    }
    program = "import edge_agent.infer.session"
    subprocess.run([sys.executable, "-c", program], env=without | {"HOME": str(tmp_path)}, check=True, timeout=180)
    assert list(tmp_path.rglob("*")) == []
