"""The demo: two stories that are told line by line while they happen."""
