"""How long bytes take on a serial line."""

import msgspec

_GAP_CHARS = 3.5  # Modbus over serial line V1.02, 2.5.1.1: silence that separates two frames
_FAST_BAUD = 19_200  # above it the silence is fixed, as the same section recommends
_FAST_GAP_S = 0.00175


class Timing(msgspec.Struct, frozen=True):
    """The pace of a line: one character and the silence between two frames."""

    char_s: float  # start bit, 8 data bits, parity, stop bits
    gap_s: float  # silence between two frames


def line_timing(baud: int, *, parity: str = "N", stopbits: float = 1) -> Timing:
    """Return the pace of a line of 8 data bits."""
    bits = 1 + 8 + (parity != "N") + stopbits
    char_s = bits / baud
    return Timing(char_s, _FAST_GAP_S if baud > _FAST_BAUD else _GAP_CHARS * char_s)
