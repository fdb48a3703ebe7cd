"""Where a scenario is played: programs, lines, cameras and settings of a run, the hands at work in it, and the run."""
