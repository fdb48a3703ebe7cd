"""Find the few points that a server refuses in a batch, so that all others get in."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from hub.archive.influx.server import Refused

T = TypeVar("T")


def bisect(
    items: Sequence[T], write: Callable[[Sequence[T]], None], parts: Callable[[T], Sequence[T]]
) -> Iterator[tuple[T, Refused]]:
    """Write ``items``; yield those that are refused even alone, each with the server's words.

    A batch that is refused is halved, and its halves are written; an item that is refused alone is cut into its
    ``parts`` when it has several; a part has none. That some of a refused batch was taken does no harm: writing it
    again changes nothing. One bad item in n costs about 2 log2 n requests. Raises what else ``write`` raises.
    """
    waiting = [items]
    while waiting:
        some = waiting.pop()
        try:
            if some:
                write(some)
        except Refused as refused:
            halves = _halves(some, parts)
            if halves:
                waiting += halves
            else:
                yield some[0], refused


def _halves(items: Sequence[T], parts: Callable[[T], Sequence[T]]) -> list[Sequence[T]]:
    """Return both halves, the first one last; nothing when there is only one and it has no parts."""
    if len(items) == 1:
        items = parts(items[0])
    middle = len(items) // 2
    return [items[middle:], items[:middle]] if middle else []
