"""What a hub's /metrics says, read as Prometheus does."""

import re
import time
import urllib.request

from prometheus_client.parser import text_string_to_metric_families

from hub.metrics import REGISTRY
from tests.hub.rig import WAIT_S, HubProcess

Samples = dict[tuple[str, str], float]  # (name without the prefix, values of its labels or "") → number


def url_of(hub: HubProcess) -> str:
    """Return where a hub that listens on port 0 says that its metrics are."""
    return next(found[0] for line in hub.log if (found := re.search(r"http://127\.0\.0\.1:\d+/metrics", line)))


def scrape(url: str) -> Samples:
    """Return every sample of our own."""
    with urllib.request.urlopen(url, timeout=WAIT_S) as answer:
        text = answer.read().decode()
    found: Samples = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            key = sample.name.removeprefix("citynerve_hub_"), " ".join(sample.labels.values())
            assert key not in found or "le" in sample.labels, key
            found[key] = sample.value
    return found


def until(hub: HubProcess, name: str, label: str, least: float) -> Samples:
    """Return the samples once one of them is ``least`` or more."""
    deadline = time.monotonic() + WAIT_S
    while True:
        found = scrape(url_of(hub))
        if found.get((name, label), 0.0) >= least:
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.05)


def counted(name: str, **labels: str) -> float:
    """Return a counter of this process, 0 while it has not moved."""
    return REGISTRY.get_sample_value(f"citynerve_hub_{name}_total", labels) or 0.0
