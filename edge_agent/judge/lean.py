"""How far what was seen of one place leans to yes or no: evidence counts by time, of looks far apart by the look."""

import math

import msgspec

SURE = 0.6  # from here on it is decided; from the far end it takes 1.6 of the scale, that is the whole `confirm`
SUREST = 0.99  # of one look far from others: in one of two hundred, whatever it says, somebody passed or light glared
BACK_US = 2_000_000  # a look that is older by more means that the clock was set


class Lean(msgspec.Struct, frozen=True):
    """What the looks at one place have come to."""

    value: float = 0.0  # -1 surely no … 1 surely yes
    last_us: int | None = None  # of the last look, also of one that told nothing
    peak: float = 0.0  # the value farthest out on the side that was decided last
    turn_us: int | None = None  # first look after that one: when what is being decided now began
    blind: float = 0.0  # share of the time that it takes to know nothing any more
    apart_us: int = 0  # between the last look and the one before

    @property
    def held(self) -> bool | None:
        """Return what was decided last, None before the first time."""
        return None if self.peak == 0 else self.peak > 0


def lean_on(
    lean: Lean, t_us: int, push: float | None, *, confirm_us: float, lost_us: float, stays_us: float = 0
) -> Lean:
    """Return the lean after one look that pushes towards yes (up to 1), no (from -1 on), or tells nothing (None).

    A look stands for the time since the look before, and for no more than most of ``confirm``: at five frames a
    second a change takes ``confirm``. A look that is late stands for nothing. With ``confirm`` 0 each look decides
    alone.

    When looks come ``confirm`` apart or more, time says nothing that the next look does not say better. Each is then
    weighed against what is left of what was known, as Bayes does: a state that lasts ``stays`` on the average is
    forgotten by exp(-2 gap/stays), and p of 0.5 (1 + push) is added to it; what is likelier than not is decided. So a
    look alone is believed when the model doubts it no more than a change since the look before is likely. Without
    ``stays`` two looks decide.
    """
    gap_us = 0 if lean.last_us is None else max(0, t_us - lean.last_us)
    if push is None:
        blind = lean.blind + (min(0.5, gap_us / lost_us) if lost_us else 1.0)
        return msgspec.structs.replace(lean, last_us=_last_us(lean, t_us), apart_us=gap_us, blind=blind)
    if not confirm_us:
        return Lean(push, _last_us(lean, t_us), 1.0 if push >= 0 else -1.0, t_us, 0.0, gap_us)
    if stays_us and min(lean.apart_us, gap_us) >= confirm_us:  # after one gap alone the next look may come at once
        value = _weighed(lean.value, push, gap_us / stays_us)
        if value * lean.peak > 0 and push * lean.peak > 0:  # it agrees, however sure it was before
            return Lean(value, _last_us(lean, t_us), value, None, 0.0, gap_us)
        return _turned(lean, value, t_us, gap_us=gap_us, sure=0.0 if lean.peak else SURE)
    step = min(1.0, max(-1.0, push * min(1.0, gap_us * (1 + SURE) / confirm_us)))
    return _turned(lean, min(1.0, max(-1.0, lean.value + step)), t_us, gap_us=gap_us, sure=SURE)


def forgotten(lean: Lean, t_us: int) -> Lean:
    """Return what is left of it once nothing is known any more: when was looked."""
    gap_us = 0 if lean.last_us is None else max(0, t_us - lean.last_us)
    return Lean(last_us=_last_us(lean, t_us), apart_us=gap_us)


def _last_us(lean: Lean, t_us: int) -> int:
    return t_us if lean.last_us is None else max(t_us, lean.last_us)


def _weighed(value: float, push: float, faded: float) -> float:
    left, said = value * math.exp(-2 * faded), min(SUREST, max(-SUREST, push))
    return (left + said) / (1 + left * said)  # Bayes' rule for 2p - 1


def _turned(lean: Lean, value: float, t_us: int, *, gap_us: int, sure: float) -> Lean:
    peak, last_us = lean.peak, _last_us(lean, t_us)
    decided_last = bool(peak) and lean.value == peak  # by the look before: this one begins something new
    turn_us = t_us if lean.turn_us is None or decided_last else lean.turn_us
    if abs(value) >= sure and (peak * value < 0 or not peak):  # decided, for the first time or anew
        return Lean(value, last_us, value, turn_us, 0.0, gap_us)
    if peak and value * peak >= peak * peak:  # as sure as ever
        return Lean(value, last_us, value, None, 0.0, gap_us)
    return Lean(value, last_us, peak, turn_us, 0.0, gap_us)


def shifted(lean: Lean, step_us: int) -> Lean:
    """Return it after the clock was set by so much."""
    return msgspec.structs.replace(lean, last_us=_moved(lean.last_us, step_us), turn_us=_moved(lean.turn_us, step_us))


def set_back_us(lean: Lean, t_us: int) -> int:
    """Return by how much (below 0) the clock was set back before a look, 0 when it was not."""
    return t_us - lean.last_us if lean.last_us is not None and lean.last_us - t_us > BACK_US else 0


def _moved(t_us: int | None, step_us: int) -> int | None:
    return None if t_us is None else t_us + step_us
