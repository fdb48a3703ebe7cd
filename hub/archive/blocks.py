"""Points as columns: what one fact says of one device at one instant is one block, not an object for each value."""

from collections.abc import Iterable, Iterator, Sequence
from typing import overload

import msgspec

from device_profiles.wire import Value
from hub.archive import Point


class Block(msgspec.Struct, frozen=True, gc=False):
    """All points of one fact."""

    area: str
    agent: str
    device: str
    t_us: int
    values: dict[str, Value]  # field → value
    epoch: int
    lane: str
    seq: int
    historical: bool = False

    def points(self) -> list[Point]:
        """Return them one by one."""
        b = self
        return [
            Point(b.area, b.agent, b.device, field, b.t_us, value, b.epoch, b.lane, b.seq, b.historical)
            for field, value in b.values.items()
        ]

    def cut(self, at: int) -> tuple["Block", "Block"]:
        """Return the first ``at`` points and the rest."""
        items = list(self.values.items())
        replace = msgspec.structs.replace
        return replace(self, values=dict(items[:at])), replace(self, values=dict(items[at:]))


class Blocks(Sequence[Point]):
    """Points in their order, made only when somebody looks at one: who knows of blocks never does."""

    def __init__(self, blocks: list[Block]) -> None:
        self.blocks = blocks

    def __len__(self) -> int:
        return sum([len(block.values) for block in self.blocks])

    def __iter__(self) -> Iterator[Point]:
        for block in self.blocks:
            yield from block.points()

    @overload
    def __getitem__(self, index: int) -> Point: ...

    @overload
    def __getitem__(self, index: slice) -> list[Point]: ...

    def __getitem__(self, index: int | slice) -> Point | list[Point]:
        return list(self)[index]


def merged(blocks: Iterable[Block]) -> list[Block]:
    """Return one block for each device and instant; of two values of one field the later one counts."""
    found: dict[tuple[str, str, int], Block] = {}
    for block in blocks:
        instant = block.area, block.device, block.t_us
        before = found.get(instant)
        found[instant] = (
            block if before is None else msgspec.structs.replace(block, values=before.values | block.values)
        )
    return list(found.values())


def blocks_of(points: Sequence[Point]) -> list[Block]:
    """Return points as blocks, in their order."""
    if isinstance(points, Blocks):
        return points.blocks
    return [
        Block(p.area, p.agent, p.device, p.t_us, {p.field: p.value}, p.epoch, p.lane, p.seq, p.historical)
        for p in points
    ]
