"""What of a device's values is worth saying: the first time, changed beyond the deadband, unknown, or period over."""

from collections.abc import Mapping

from device_profiles.config import duration_us
from device_profiles.profile import ProfileSpec, ValueSpec
from device_profiles.specs.condition import Condition
from device_profiles.wire import Value

STALE = 2  # times the profile's liveness: a value that was not read for so long is unknown though the device answers


class Values:
    """The last known values of one device, and which of them the hub has been told."""

    def __init__(self, spec: ProfileSpec) -> None:
        self.now: dict[str, Value] = dict.fromkeys(spec.values)  # every name of the profile; None is unknown
        self._unread = {name for name, value in spec.values.items() if value.modbus is not None}
        self._patience_us = duration_us(spec.liveness.silent_after)
        self._first_us: int | None = None
        self._specs = spec.values
        self._periods = {name: duration_us(value.period) for name, value in spec.values.items()}
        self._latches = [
            (name, Condition(value.latch.set), Condition(value.latch.reset))
            for name, value in spec.values.items()
            if value.latch is not None
        ]
        self._stale_us = STALE * duration_us(spec.liveness.silent_after)
        self._read_us: dict[str, int] = {}
        self._said: dict[str, tuple[int, Value]] = {}  # when, and what

    def ripe(self, t_us: int) -> bool:
        """Return whether there is enough to judge by: everything was read once, or will not be read for now.

        Straight after a start "not read yet" would look like "unknown", and a restart must page nobody.
        """
        return not self._unread or (self._first_us is not None and t_us - self._first_us >= self._patience_us)

    def forget_said(self) -> None:
        """Say everything anew next time: what was said may not have reached the hub."""
        self._said.clear()

    def shift(self, step_us: int) -> None:
        """Move all times: the clock was set."""
        self._read_us = {name: t_us + step_us for name, t_us in self._read_us.items()}
        self._said = {name: (t_us + step_us, value) for name, (t_us, value) in self._said.items()}
        self._first_us = None if self._first_us is None else self._first_us + step_us

    def take(self, read: Mapping[str, Value], t_us: int) -> dict[str, Value]:
        """Take in what was read at ``t_us`` and return what is worth saying."""
        self._first_us = t_us if self._first_us is None else self._first_us
        self._unread -= read.keys()
        for name in read.keys() & self.now.keys():
            self.now[name] = read[name]
            self._read_us[name] = t_us
        for name, read_us in list(self._read_us.items()):
            if t_us - read_us > self._stale_us:  # its registers fail although others are read
                self.now[name] = None
                del self._read_us[name]
        self._latch(t_us)
        worth = {name: self.now[name] for name in self.now if self._is_worth(name, t_us)}
        self._said.update({name: (t_us, value) for name, value in worth.items()})
        return worth

    def _latch(self, t_us: int) -> None:
        """Keep the values that remember: unknown when what sets or resets them may have happened."""
        for name, set_, reset in self._latches:
            off, on = reset.evaluate(self.now), set_.evaluate(self.now)
            if off is not False:
                self.now[name] = False if off else None
            elif on is not False:
                self.now[name] = on
            self._read_us[name] = t_us

    def _is_worth(self, name: str, t_us: int) -> bool:
        value = self.now[name]
        if name not in self._said:
            return name in self._read_us
        said_us, said = self._said[name]
        return _differs(self._specs[name], said, value) or t_us - said_us >= self._periods[name]


def _differs(spec: ValueSpec, said: Value, value: Value) -> bool:
    if spec.deadband and isinstance(said, int | float) and isinstance(value, int | float):
        return abs(value - said) > spec.deadband
    return type(said) is not type(value) or said != value
