"""The times and weights that a profile gives the lift's judge."""

import msgspec

SECOND = 1_000_000


class LiftLimits(msgspec.Struct, frozen=True):
    """Limits in microseconds and kilograms; the defaults are those of DOMAIN.md section 2."""

    suspect_us: int = 10 * SECOND  # stuck this long: a suspicion
    confirm_between_us: int = 20 * SECOND  # stuck between floors
    confirm_level_us: int = 45 * SECOND  # stuck at a level with the door closed
    confirm_level_fault_us: int = 10 * SECOND  # the same with a fault code that explains it
    button_us: int = 3 * SECOND  # alarm button, or code 90, while stuck
    presence_hold_us: int = 10 * SECOND  # the presence sensor's word holds this long after it goes off
    clear_us: int = 3 * SECOND  # level and door open this long
    load_kg: float = 30.0  # a load above this is a passenger
    gap_us: int = 15 * SECOND  # silence: without a sample for longer, values were unknown meanwhile
    restart_us: int = 60 * SECOND  # a longer gap restarts pending timers (ALARMS.md, 9)
    doubt_us: int = 2 * SECOND  # over a longer time between two samples only that counts which was true in both
    repeat_us: int = 60 * SECOND  # while it lasts, what was confirmed is told again; 0: never
    test_call_us: int = 60 * SECOND  # a test call that lasts longer hides the alarm button no more

    def ends(self) -> dict[str, tuple[int, ...]]:
        """Return at which elapsed times of a timer something may be decided."""
        confirm = (self.confirm_between_us, self.confirm_level_us, self.confirm_level_fault_us)
        return {
            "stuck": (self.suspect_us, *confirm),
            "automatic": confirm,
            "calling": (self.button_us,),
            "pressed": (self.button_us,),
            "absent": (self.presence_hold_us,),
            "opened": (self.clear_us,),
            "doubted": (self.suspect_us,),
            "standing": (self.repeat_us,),
            "testing": (self.test_call_us,),
        }
