"""The judge of berths."""
