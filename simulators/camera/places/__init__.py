"""The places that cameras look at, each a function of seed and time."""
