"""Run the command `simulate` with `python -m simulators`."""

from simulators.cli import main

main()
