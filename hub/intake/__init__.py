"""From the broker to the journal: what comes is judged, written, acked and receipted."""
