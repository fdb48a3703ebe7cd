"""What the agent keeps on disk until the hub has receipted it."""

from edge_agent.outbox.bounds import Bounds
from edge_agent.outbox.outbox import Outbox
from edge_agent.outbox.store import StoredPack

__all__ = ["Bounds", "Outbox", "StoredPack"]
