"""The scripts of models/ are no package: what every test of them needs."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

MODELS = Path(__file__).parents[2] / "models"


@pytest.fixture(autouse=True)
def scripts() -> Iterator[None]:
    """Make the scripts importable, as they are to one another."""
    sys.path.insert(0, str(MODELS))
    yield
    sys.path.remove(str(MODELS))
