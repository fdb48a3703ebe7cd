"""``python -m edge_agent`` is the command ``edge-agent``."""

from edge_agent.cli import main

main()
