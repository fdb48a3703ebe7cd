"""The program at a street node: reads devices, judges, keeps every fact on disk until the hub has it."""
