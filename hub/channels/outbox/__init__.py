"""What each receiver is still to be told: rows on disk, queued once, paced, taken in turns, kept until told."""
