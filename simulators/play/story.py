"""What happens in a played city, as lines that a person can follow, from the physics and the command centre."""

import time
from collections.abc import Sequence

import msgspec

from device_profiles.evidence import DIGEST
from simulators.camera.scene.happenings import Happening
from simulators.lifts.control import Mode
from simulators.lifts.lift import Lift
from simulators.observers.witness import AlarmWord
from simulators.play.play import Play

SITE = "site:"  # begins the hub's name of a place at which several devices stand
_QUIET = ("reminded", "acked", "joined", "stale", "fresh")  # words about an alarm that was told before


class Line(msgspec.Struct, frozen=True):
    """One line of the story."""

    t_us: int  # city time, µs since 1970
    text: str
    style: str = ""


def city_time(t_us: int) -> str:
    """Return the time of day in the city, to the second."""
    return time.strftime("%H:%M:%S", time.localtime(t_us / 1e6))


def state_of(lift: Lift) -> tuple[str, str]:
    """Return what a passer-by would say of a lift, and a style for it."""
    body = lift.body
    if body.moving:
        return ("↑ going up" if body.car.v >= 0 else "↓ going down"), "cyan"
    if not body.in_door_zone:
        below = int(body.car.x // lift.spec.floor_height_m)
        return f"STUCK between {below} and {below + 1}", "bold red"
    if body.door.overdue:
        return "door does not open", "bold red"
    if lift.control.mode is not Mode.NORMAL:
        return lift.control.mode.name.lower().replace("_", " "), "yellow"
    return ("standing, door closed", "dim") if body.door.closed else ("standing, door open", "green")


class Story:
    """Turns what is new in play and words into lines, each once."""

    def __init__(self, play: Play, *, start_us: int) -> None:
        self.lines: list[Line] = []
        self._play = play
        self._start_us = start_us
        self._told: set[str] = set()
        self._heard = 0

    def tell(self, t_us: int, text: str, style: str = "") -> None:
        """Add a line."""
        self.lines.append(Line(t_us, text, style))

    def follow(self, words: list[AlarmWord], *, speed: float) -> None:
        """Add what has happened since the last call."""
        for act in self._play.scenario.acts:
            if act.act == "release" and act.name in self._play.begun:
                self._once(f"{act.name}/begun", self._play.begun[act.name], f"{act.lift}: rescuers are at the lift")
            if act.name in self._play.truth and act.lift:
                text, style = _took_hold(act.act, self._play.lifts[act.lift])
                self._once(act.name, self._play.truth[act.name], f"{act.lift}: {text}", style)
            elif act.name in self._play.truth:
                what = _befell(act.act, self._play.happened.get(act.camera, []))
                self._once(act.name, self._play.truth[act.name], f"{act.camera or act.sensor}: {what}", "red")
        for word in words[self._heard :]:
            self._tell_word(word, speed)
        self._heard = len(words)

    def _once(self, key: str, t_us: int, text: str, style: str = "") -> None:
        if key not in self._told:
            self._told.add(key)
            self.tell(self._start_us + t_us, text, style)

    def _tell_word(self, word: AlarmWord, speed: float) -> None:
        lift = word.subject.rpartition("/")[2]
        if word.subject.startswith(SITE):
            self._tell_site(word, speed)
        elif word.active and word.folded:
            text = f"{word.rule} of {lift} stands under another alarm, which has told it: it calls nobody"
            self.tell(word.t_delivered_us, text, "yellow")
        elif word.active and word.kind in _QUIET:
            self.tell(word.t_delivered_us, f"alarm {word.rule} of {lift}: {word.kind}", "yellow")
        elif word.active:
            wall_ms = (word.t_delivered_us - word.t_raised_us) / 1e3 / speed
            way = f"{wall_ms:.0f} ms from hub to command centre"
            text = f"ALARM {word.rule} of {lift}{self._after_stop(lift, word)}; {way}"
            self.tell(word.t_delivered_us, text, "bold white on red")
        else:
            self.tell(word.t_delivered_us, f"alarm {word.rule} of {lift} has cleared", "bold green")

    def _tell_site(self, word: AlarmWord, speed: float) -> None:
        """Tell of a place at which several devices stand: one key is a case, two are an alarm."""
        keys = ", ".join(f"{key} of {device.rpartition('/')[2]}" for key, device in word.keys)
        wall_ms = (word.t_delivered_us - word.t_raised_us) / 1e3 / speed
        if word.kind != "raised":
            folded = "is taken up by the alarm" if word.folded else word.kind
            self.tell(word.t_delivered_us, f"{word.rule}: {folded} ({keys})", "yellow")
        elif word.rule.endswith("inspection"):
            text = f"CASE {word.rule}: one key alone, {keys}: somebody has to look; {wall_ms:.0f} ms to command centre"
            self.tell(word.t_delivered_us, text, "black on yellow")
        else:
            text = f"ALARM {word.rule}: keys of different physics agree: {keys}; {wall_ms:.0f} ms to command centre"
            self.tell(word.t_delivered_us, text, "bold white on red")
            for device, kept in word.evidence.items():
                digests = ", ".join(f"{what} {digest[:12]}…" for what, digest in kept.items() if DIGEST.match(digest))
                self.tell(word.t_delivered_us, f"  evidence of {device.rpartition('/')[2]}: {digests} (sha256)", "cyan")

    def _after_stop(self, lift: str, word: AlarmWord) -> str:
        stops = [act.name for act in self._play.scenario.acts if act.lift == lift and act.act == "stop_between_floors"]
        since = [self._start_us + self._play.truth[name] for name in stops if name in self._play.truth]
        return f", {(word.t_raised_us - max(since)) / 1e6:.1f} s after it stopped" if since else ""


def _befell(act: str, happened: Sequence[Happening]) -> str:
    """Return what has happened on a road or below it."""
    area_m2 = sum(one.area_m2 for one in happened)
    texts = {
        "road_collapses": f"the road breaks in, a hole of {area_m2:.1f} m²",
        "ground_collapses": "the ground below gives way",
        "report": "a passer-by reports a hole in the road",
    }
    return texts.get(act, act.replace("_", " "))


def _took_hold(act: str, lift: Lift) -> tuple[str, str]:
    inside = len(lift.body.people)
    people = "nobody" if not inside else "one person" if inside == 1 else f"{inside} people"
    texts = {
        "stop_between_floors": (f"the car has stopped between two floors with {people} inside", "red"),
        "release": ("level, door open: everybody gets out", "green"),
    }
    return texts.get(act, (act.replace("_", " "), "yellow"))
