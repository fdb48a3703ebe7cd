"""The entry of a worker's process: it steps back behind the lift path before anything heavy is loaded."""

import os

NICE = 10  # the lift path goes first


def main() -> None:
    """Be a worker."""
    os.nice(NICE)
    from edge_agent.sources.camera.worker.worker import main as work  # OpenCV and the model cost a second

    work()


if __name__ == "__main__":
    main()
