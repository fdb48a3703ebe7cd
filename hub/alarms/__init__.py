"""Alarms: what the hub decides from the journal alone, by the rules of ALARMS.md."""
