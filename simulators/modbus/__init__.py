"""A Modbus RTU line with many slaves on a pty or a TCP port, which keeps the line's time and fails on command."""

from simulators.modbus.faults import Fault, ForeignUnit, HalfFrame, Late, Noise, Refuse, Silent, Words, WrongCrc
from simulators.modbus.image import Cells, RegisterImage, blank_cells, values_to_image
from simulators.modbus.line import Exchange, Line
from simulators.modbus.slave import Slave
from simulators.modbus.timing import LineTiming

__all__ = [
    "Cells",
    "Exchange",
    "Fault",
    "ForeignUnit",
    "HalfFrame",
    "Late",
    "Line",
    "LineTiming",
    "Noise",
    "Refuse",
    "RegisterImage",
    "Silent",
    "Slave",
    "Words",
    "WrongCrc",
    "blank_cells",
    "values_to_image",
]
