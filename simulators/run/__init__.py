"""One run of a scenario on its stage: the hands at work in it, what is asked of the hub in the end, the score."""
