"""The journal and what follows it: the hub's one order of everything it takes in."""
