"""How far an agent's clock is from the hub's, told from the journal alone.

``offset(agent)`` = hub's time minus agent's time = the least of

* ``received_us - sent_us`` over the packs of the last 10 to 20 minutes: each is the true offset plus a delay that is
  never negative, so the least is the nearest, and a backlog that comes late cannot raise it;
* ``-clock.offset_us`` of the newest pack, when its source may be believed (ntp, gnss, simulated), and that of the
  hub's own clock too, which each tick tells: so that an agent whose first packs all come late is not taken for one
  whose clock is slow. Against a hub whose clock nobody keeps, an agent's word of true time means nothing. Nor does
  one of a clock that is a century off: no calendar could write what such an agent says is now.

A sample more than 60 s below what the agent says of its clock (0 when it says nothing that may be believed) is a time
in the future and no sample. The samples begin anew when the agent's clock was set or its epoch is new. When the hub
comes back or its own clock was set, which looks the same, they hold until the next one and not longer.
"""

import msgspec

from device_profiles.wire import ClockState

FUTURE_US = 60_000_000  # a time further ahead than this is never believed (ALARMS.md, 11)
WINDOW_US = 600_000_000
FARTHEST_US = 36_525 * 86_400_000_000  # a century
BELIEVED = frozenset({"ntp", "gnss", "simulated"})


class Offset(msgspec.Struct, omit_defaults=True):
    """What is known of one agent's clock."""

    claim_us: int | None = None  # by the agent's own word
    best_us: int | None = None  # least sample of the window at hand
    last_us: int | None = None  # least sample of the window before
    begun_us: int = 0  # received time at which the window began
    doubtful: bool = False  # the samples were of another hub's clock, perhaps: the next one replaces them

    @property
    def us(self) -> int:
        """Hub's time minus agent's time, 0 while nothing is known."""
        least = self.claim_us
        if self.best_us is not None and (least is None or self.best_us < least):
            least = self.best_us
        if self.last_us is not None and (least is None or self.last_us < least):
            least = self.last_us
        return least or 0

    def believe(self, clock: ClockState) -> bool:
        """Take in what the agent says of its clock; return whether that is new."""
        believed = clock.source in BELIEVED and abs(clock.offset_us) <= FARTHEST_US
        claim = -clock.offset_us if believed else None
        if claim == self.claim_us:
            return False
        self.claim_us = claim
        return True

    def observe(self, *, received_us: int, sent_us: int) -> bool:
        """Take in a sample; return whether anything changed."""
        sample = received_us - sent_us
        if sample < (self.claim_us or 0) - FUTURE_US:
            return False
        if self.doubtful:
            self.forget()
        if self.best_us is None or not 0 <= received_us - self.begun_us < WINDOW_US:
            self.last_us, self.best_us, self.begun_us = self.best_us, sample, received_us
        elif sample < self.best_us:
            self.best_us = sample
        else:
            return False
        return True

    def forget(self) -> None:
        """Begin anew: the samples were of another clock."""
        self.best_us = self.last_us = None
        self.doubtful = False

    def doubt(self) -> None:
        """Believe the samples until there is another one: they may be of another clock."""
        self.doubtful = self.best_us is not None
