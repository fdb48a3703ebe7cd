"""The limits that a profile gives the judge of ground sensors; the defaults are those of DOMAIN.md section 3."""

import math

import msgspec

SECOND = 1_000_000


class GroundLimits(msgspec.Struct, frozen=True):
    """Limits in microseconds, degrees, millimetres and metres; 0 for what is never exceeded."""

    ground_tilt_1_in: float = 300.0  # the ground tilts by one in so many
    cover_tilt_deg: float = 10.0  # a manhole cover that tilts so far is open
    sink_mm: float = 30.0  # settlement in all, downwards
    rise_mm: float = 10.0  # and upwards
    day_mm: float = 3.0  # change of the settlement within a sliding day, either way
    water_m: float = 1.0  # water in a well; no source gives a figure
    confirm_us: int = 4 * SECOND  # exceeded so long
    samples: float = 3.0  # and in so many samples one after another
    clear_us: int = 10 * SECOND  # back below so long, and in as many samples
    clear_share: float = 0.8  # below this share of a limit it is not exceeded any more
    gap_us: int = 900 * SECOND  # without a sample for longer, what was pending begins anew

    @property
    def ground_tilt_deg(self) -> float:
        """Return the ground's limit as an angle."""
        return math.degrees(math.atan(1 / self.ground_tilt_1_in)) if self.ground_tilt_1_in else 0.0
