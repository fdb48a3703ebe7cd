"""Sources: drivers that read devices, one file a kind, each handing Samples to the agent's sink."""

from typing import Protocol

from edge_agent.sample import Sample, Sink

__all__ = ["Sample", "Sink", "Source"]


class Source(Protocol):
    """One driver that reads one line, camera or stream into the sink that it was built with."""

    async def run(self) -> None:
        """Read for ever. A lost line is retried inside; cancelling it closes what it opened."""
