"""How long bytes take on the simulated line; real time, never sped up."""

import msgspec


class LineTiming(msgspec.Struct, frozen=True):
    """A line of 8 data bits."""

    baud: int = 19_200
    parity: str = "N"  # N, E or O
    stopbits: int = 1

    @property
    def gap_s(self) -> float:
        """The silence that ends a frame: 3.5 characters, above 19,200 baud 1.75 ms."""
        return 0.00175 if self.baud > 19_200 else self.bytes_s(1) * 3.5

    def bytes_s(self, count: int) -> float:
        """Seconds on the line of ``count`` bytes."""
        bits = 9 + self.stopbits + (0 if self.parity == "N" else 1)
        return count * bits / self.baud
