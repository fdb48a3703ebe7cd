"""Points as columns: what one fact says of one device at one instant is one block, not an object for each value."""

import operator
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import chain
from typing import overload

import msgspec

from device_profiles.wire import Value
from hub.archive import Point

Device = tuple[str, str]  # area, device
_FLOAT = {float}


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


class Run:
    """What one device said, block by block, and what all of it has in common: looked at once, used by many."""

    def __init__(self, device: Device, blocks: list[Block]) -> None:
        self.device = device
        self.subject = "/".join(device)  # the device's key in the city
        self.blocks = blocks
        self.times = times = [block.t_us for block in blocks]  # when each block was observed
        self.ascends = all(map(operator.lt, times, times[1:]))  # whether each is later than the one before
        self.values = values = [block.values for block in blocks]
        first = tuple(values[0])
        # no name comes twice in a block: so the names of all of them are the first's again and again, or they differ
        same = list(chain.from_iterable(values)) == [*first] * len(values)
        self.names = first if same else ()  # the fields that each block has, in the same order; none when they differ

    @cached_property
    def _said(self) -> list[Value]:
        """What was said, block by block."""
        return list(chain.from_iterable(map(dict.values, self.values)))

    @cached_property
    def columns(self) -> list[list[Value]]:
        """What was said of each of ``names``."""
        said, width = self._said, len(self.names)
        return [said[column::width] for column in range(width)]

    @cached_property
    def floats(self) -> bool:
        """Whether there are ``columns``, all of them of floats."""
        return bool(self.names) and set(map(type, self._said)) == _FLOAT


class Blocks(Sequence[Point]):
    """Points in their order, made only when somebody looks at one: who knows of blocks never does."""

    def __init__(self, blocks: list[Block]) -> None:
        self.blocks = blocks

    @cached_property
    def runs(self) -> list[Run]:
        """The blocks of each device, in their order."""
        found: dict[Device, list[Block]] = {}
        for block in self.blocks:
            device = block.area, block.device
            blocks = found.get(device)
            if blocks is None:
                blocks = found[device] = []
            blocks.append(block)
        return list(map(Run, found, found.values()))

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


def merged(blocks: Sequence[Block]) -> Sequence[Block]:
    """Return one block for each device and instant of a pack; of two values of one field the later one counts."""
    if len({(block.device, block.t_us) for block in blocks}) == len(blocks):  # as nearly always
        return blocks
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


def runs_of(points: Sequence[Point]) -> list[Run]:
    """Return what is said of each device."""
    return points.runs if isinstance(points, Blocks) else Blocks(blocks_of(points)).runs
