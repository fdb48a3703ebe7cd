"""Where a scenario is played: programs, lines, cameras, brokers and settings, set up and taken down in order."""
