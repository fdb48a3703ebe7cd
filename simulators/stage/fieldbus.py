"""The scenario's lifts on their lines: slaves of one RS-485 line, or each with a box; faults come on command."""

from contextlib import ExitStack
from pathlib import Path

from device_profiles.profile import load_profiles
from simulators.box_line.codec import BoxIdentity
from simulators.box_line.feeler import RATE_HZ
from simulators.box_line.line import BoxLine
from simulators.lifts.lift import Lift
from simulators.lifts.senses import Values
from simulators.modbus.faults import Fault, ForeignUnit, HalfFrame, Late, Silent, WrongCrc
from simulators.modbus.image import RegisterImage, blank_cells, values_to_image
from simulators.modbus.line import Line
from simulators.modbus.slave import Slave
from simulators.modbus.timing import LineTiming
from simulators.play.play import Play, WireFault
from simulators.stage.settings import TERMINAL, box_link, line_link, units

_LATE_MS = 120.0  # after the agent's time-out, before it may stop draining
_FAULTS: dict[str, Fault | None] = {
    "slave_silent": Silent(),
    "slave_late": Late(_LATE_MS),
    "slave_corrupt": WrongCrc(),
    "slave_cut": HalfFrame(),
    "slave_back": None,
}


class FieldBus:
    """The lines of a play. A context manager; ``show`` is called as often as the world changes."""

    def __init__(self, play: Play, *, link: Path) -> None:
        self._spec = load_profiles()[TERMINAL].spec
        self._lifts = play.lifts
        self._timing = LineTiming(baud=play.scenario.baud)
        self._slaves = {
            device: Slave(unit, RegisterImage(blank_cells(self._spec))) for device, unit in units(play.scenario).items()
        }
        self._feelers = play.feelers
        self._boxes = {
            device: BoxLine(BoxIdentity(f"LB-{number:05}", rate_hz=RATE_HZ), link=box_link(link, device))
            for number, device in enumerate(play.feelers, 1)
        }
        self._shown: dict[str, Values] = {}  # what the slaves' registers say
        self._stack = ExitStack()
        self.lines = {number: self._line(number, link=link) for number in sorted({*self._numbers().values()})}

    def __enter__(self) -> "FieldBus":
        self.show()
        for line in self.lines.values():
            self._stack.enter_context(line)
        for box in self._boxes.values():
            self._stack.enter_context(box)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def show(self) -> None:
        """Write every lift's values into its slave's registers, or say what its box has felt."""
        for device in self._slaves:
            self._show(device, self._lifts[device])
        for device, box in self._boxes.items():
            feeler = self._feelers[device]
            box.send(feeler.take(), feeler.pascal())

    def strike(self, fault: WireFault) -> None:
        """Do to the line what a scenario's act says."""
        if fault.lift in self._boxes:
            _strike_box(self._boxes[fault.lift], fault.act)
        elif fault.act == "unplug_line":
            self.lines[self._numbers()[fault.lift]].unplug()
        elif fault.act == "plug_line":
            self.lines[self._numbers()[fault.lift]].replug()
        elif fault.act == "slave_foreign":
            self._slaves[fault.lift].fault = ForeignUnit(self._neighbour(fault.lift))
        else:
            self._slaves[fault.lift].fault = _FAULTS[fault.act]

    def _neighbour(self, device: str) -> int:
        """Return the unit of another slave on the line of a lift."""
        line = self.lines[self._numbers()[device]]
        return min(unit for unit in line.slaves if unit != self._slaves[device].unit)

    def _numbers(self) -> dict[str, int]:
        """Return the line of each slave."""
        return {device: self._lifts[device].spec.line for device in self._slaves}

    def _line(self, number: int, *, link: Path) -> Line:
        slaves = [slave for device, slave in self._slaves.items() if self._lifts[device].spec.line == number]
        return Line(slaves, timing=self._timing, link=line_link(link, number))

    def _show(self, device: str, lift: Lift) -> None:
        values = lift.values()
        if values != self._shown.get(device):
            self._shown[device] = values
            self._slaves[device].image.update(values_to_image(self._spec, values))


def _strike_box(box: BoxLine, act: str) -> None:
    match act:
        case "slave_silent":
            box.silent = True
        case "slave_corrupt":
            box.corrupt = True
        case "slave_back":
            box.heal()
        case "unplug_line":
            box.unplug()
        case "plug_line":
            box.plug()
        case "box_freeze":
            box.freeze()
        case "box_clock_jump":
            box.jump_clock()
        case "box_restart":
            box.restart()
