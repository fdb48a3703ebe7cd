"""How often the interpreter looks for cycles: what streams through the hub makes none, and looking costs a quarter."""

import gc

_YOUNG = 50_000  # containers made and not yet gone, before a look; records on their way to the readers are some 20,000
_MIDDLE, _OLD = 50, 100


def spare_the_stream() -> None:
    """Call this once all is made: that is never garbage."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)


def spare_the_end() -> None:
    """Call this when a stop begins: what there is goes with the process, and a last look through it took 1 to 2 s."""
    gc.freeze()
