"""Evidence of what happened to a road: kept back in memory, masked, kept on disk, handed out to who has the key."""
