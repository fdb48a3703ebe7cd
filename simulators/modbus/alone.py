"""One slave by itself, to try a profile with: its port is said, what it measures and its faults are typed."""

from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path

import msgspec

from device_profiles.profile import ProfileSpec
from device_profiles.wire import Value
from simulators.modbus.faults import Fault, HalfFrame, Late, Noise, Refuse, Silent, WrongCrc
from simulators.modbus.image import RegisterImage, blank_cells, values_to_image
from simulators.modbus.line import Line
from simulators.modbus.slave import Slave
from simulators.modbus.timing import LineTiming
from simulators.typed import typed_words

WELL = "well"
FAULTS: dict[str, Fault] = {
    "silent": Silent(),
    "late": Late(500.0),
    "garbled": WrongCrc(),
    "half": HalfFrame(),
    "noise": Noise(),
    "refuse": Refuse(),
}
_WORDS: dict[str, Value] = {"unknown": None, "true": True, "false": False}


class Offer(msgspec.Struct, frozen=True):
    """What is served, and where."""

    profile: ProfileSpec
    unit: int = 1  # Modbus address
    timing: LineTiming = LineTiming()
    link: Path | None = None  # of a pty; without one a TCP port
    tcp_port: int = 0  # 0: any free one


async def serve_alone(offer: Offer, say: Callable[[str], None], *, hear: int) -> None:
    """Serve one slave until cancelled; obey the file number ``hear``. Raises ValueError when it has no registers."""
    names = [name for name, value in offer.profile.values.items() if value.modbus is not None]
    if not names:
        raise ValueError(f"{offer.profile.kind!r} has no values with `modbus`: there is nothing to serve")
    slave = Slave(offer.unit, RegisterImage(blank_cells(offer.profile)))
    port = offer.tcp_port if offer.link is None else None
    with Line([slave], timing=offer.timing, link=offer.link, tcp_port=port) as line:
        say(line.port)
        say(f"all registers are 0; type NAME=VALUE ({', '.join(names)}), {', '.join(FAULTS)} or {WELL}")
        async with aclosing(typed_words(hear)) as words:
            async for word in words:
                say(_obey(word, slave, offer.profile))


def _obey(word: str, slave: Slave, profile: ProfileSpec) -> str:
    """Do what one word says, and return what came of it."""
    if word == WELL or word in FAULTS:
        slave.fault = FAULTS.get(word)
        return f"unit {slave.unit} is {word}"
    name, sign, text = word.partition("=")
    if not sign or name not in profile.values:
        names = ", ".join(name for name, value in profile.values.items() if value.modbus is not None)
        return f"{word!r} is neither NAME=VALUE of {names}, nor one of {', '.join(FAULTS)}, {WELL}"
    try:
        slave.image.update(values_to_image(profile, {name: _value(text)}))
    except ValueError as error:
        return str(error)
    return f"{name} is {text}"


def _value(text: str) -> Value:
    """Return what was typed: a number, true, false or unknown. Raises ValueError."""
    if text in _WORDS:
        return _WORDS[text]
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{text!r} is neither a number nor {', '.join(_WORDS)}") from None
