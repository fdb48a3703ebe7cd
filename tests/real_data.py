"""Where the real recordings, photographs and schemas lie that tests try us on; none is in the repository."""

import os
from pathlib import Path

DATA = Path(os.environ.get("CITYNERVE_DATA") or Path(__file__).parents[2] / "shared" / "data")
