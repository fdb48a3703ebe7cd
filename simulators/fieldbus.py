"""The scenario's lifts as slaves on one simulated RS-485 line: registers follow the physics, faults come on command."""

from pathlib import Path

from device_profiles.profile import load_profiles
from simulators.lifts.lift import Lift
from simulators.modbus.faults import Fault, Late, Silent, WrongCrc
from simulators.modbus.image import RegisterImage, blank_cells, values_to_image
from simulators.modbus.line import Line
from simulators.modbus.slave import Slave
from simulators.modbus.timing import LineTiming
from simulators.play import Play, WireFault
from simulators.settings import FIRST_UNIT

_LATE_MS = 120.0  # after the agent's time-out, before it may stop draining
_FAULTS: dict[str, Fault | None] = {
    "slave_silent": Silent(),
    "slave_late": Late(_LATE_MS),
    "slave_corrupt": WrongCrc(),
    "slave_back": None,
}


class FieldBus:
    """The line of a play. A context manager; ``show`` is called as often as the world changes."""

    def __init__(self, play: Play, *, link: Path) -> None:
        self._spec = load_profiles()["lift_terminal"].spec
        self._lifts = play.lifts
        self._slaves = {
            device: Slave(unit, RegisterImage(blank_cells(self._spec)))
            for unit, device in enumerate(play.lifts, FIRST_UNIT)
        }
        self.line = Line(self._slaves.values(), timing=LineTiming(baud=play.scenario.baud), link=link)

    def __enter__(self) -> "FieldBus":
        self.show()
        self.line.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.line.__exit__()

    def show(self) -> None:
        """Write every lift's values into its slave's registers."""
        for device, lift in self._lifts.items():
            self._show(device, lift)

    def strike(self, fault: WireFault) -> None:
        """Do to the line what a scenario's act says."""
        if fault.act == "unplug_line":
            self.line.unplug()
        elif fault.act == "plug_line":
            self.line.replug()
        else:
            self._slaves[fault.lift].fault = _FAULTS[fault.act]

    def _show(self, device: str, lift: Lift) -> None:
        self._slaves[device].image.update(values_to_image(self._spec, lift.values()))
