"""Scenes by name, as journal records, that together reach each name that `hub reasons` counts of the engine."""

from collections.abc import Callable

from device_profiles.wire import Binding, Reading, Status
from hub.alarms.state import MAX_UNBOUND
from hub.alarms.words import receiver_word
from tests.hub.alarms.scene import (
    AGENT,
    AREA,
    BOUND,
    IN_ROAD,
    KEYED,
    LIFT,
    LIFT_TEXT,
    MANHOLE,
    ON_ROAD,
    TEXTS,
    Scene,
    us,
)
from tests.hub.alarms.street import Street

TRAPPED = "lift.stuck_occupied"
ENTRAPMENT = "lift.entrapment"
LADDER = """
lease = "60s"
[[ladders]]
name = "lift"
rules = ["lift.entrapment"]
steps = [{ level = "L1", to = ["crew"], after = "0s" }, { level = "L2", to = ["grid"], after = "60s" }]
"""
WORKS = """
[[maintenance]]
name = "works"
zone = "UTC"
start = 00:54:00
end = 00:55:00
subjects = ["*"]
rules = ["cover.*"]
up_to = "major"
"""


def rescue() -> Scene:
    """Somebody is trapped, nobody comes, then a crew does; what happens meanwhile joins the alarm."""
    scene = Scene()
    scene.text(TEXTS, policy=LADDER)
    scene.event(TRAPPED, 10)
    scene.ticks(11, 75)
    scene.act("ack", at_s=76, rule=ENTRAPMENT, subject=LIFT, because="taken")
    scene.event("lift.button", 77)
    scene.event(TRAPPED, 78)
    scene.event("lift.released", 5, got_s=79, severity="info")
    scene.ticks(80, 140)
    scene.act("dispatch", at_s=141, rule=ENTRAPMENT, subject=LIFT)
    scene.act("arrive", at_s=150, rule=ENTRAPMENT, subject=LIFT)
    scene.act("safe", at_s=170, rule=ENTRAPMENT, subject=LIFT, because="rescued")
    scene.event("lift.released", 175, severity="info")
    return scene


def aside() -> Scene:
    """Alarms are put aside by one person and by two, taken out of service, closed, each with a reason."""
    scene = Scene()
    scene.cover(1, tilt_deg=70)
    scene.beat(4)
    minute = {"at_s": 5, "for_us": 60_000_000}
    for rule, reason in (("cover.tilted", "nuisance"), ("cover.tilted", "nuisance"), ("cover.gone", "known_fault")):
        scene.act("shelve", rule=rule, because=reason, **minute)  # type: ignore[arg-type]
    scene.act("shelve", at_s=5, rule="cover.tilted", because="test", for_us=10**15)
    scene.act("unshelve", at_s=6, rule="cover.gone", because="other")
    scene.act("shelve", at_s=7, rule="cover.gone", because="test", for_us=10**15)
    scene.act("shelve", at_s=7, rule="cover.gone", because="test", for_us=60_000_000)
    scene.event(TRAPPED, 8)
    for actor in ("li", "li", "wang"):
        scene.act("shelve", at_s=9, rule=ENTRAPMENT, subject=LIFT, actor=actor, because="false_call", for_us=60_000_000)
    scene.ticks(10, 80)
    scene.act("out_of_service", at_s=81, rule="cover.gone", because="maintenance")
    scene.act("in_service", at_s=82, rule="cover.gone", because="repaired")
    scene.act("close", at_s=83, rule="cover.gone", because="inspected")
    scene.act("close", at_s=84, rule="cover.gone")
    scene.act("dance", at_s=85, rule="cover.gone")
    scene.act("ack", at_s=86, rule="cover.tilted", actor=" ")
    return scene


def conditions() -> Scene:
    """A cover tilts for longer and longer, an unknown value stops the time, and it comes and goes."""
    scene = Scene()
    for at_s in (1, 20, 40):
        scene.cover(at_s, tilt_deg=20)
        scene.beat(at_s + 1)
        scene.cover(at_s + 1.5, tilt_deg=None)
        scene.cover(at_s + 2, tilt_deg=20)
        scene.beat(at_s + 5)
        scene.cover(at_s + 6, tilt_deg=0)
        scene.beat(at_s + 12)
    scene.cover(3, got_s=60, tilt_deg=70)
    scene.cover(5000, got_s=61, tilt_deg=70)
    scene.ticks(60, 125)
    return scene


def events() -> Scene:
    """Events come too late, before and behind what ends them."""
    scene = Scene()
    scene.event(TRAPPED, 10, got_s=400)
    scene.event(TRAPPED, 401)
    scene.event("lift.released", 402, severity="info")
    scene.event(TRAPPED, 400, got_s=403)
    scene.event("cover.shut", 500, device="cover-1", severity="info")
    scene.event("cover.opened", 490, got_s=501, device="cover-1", severity="major")
    return scene


def absence() -> Scene:
    """A test call does not come."""
    scene = Scene(texts={"manhole_cover": MANHOLE, "lift_terminal": LIFT_TEXT.replace('every = "3d"', 'every = "60s"')})
    for at_s in range(5, 80, 5):
        scene.beat(at_s, "lift-7")
        scene.tick(at_s)
    return scene


def node_down() -> Scene:
    """A street node dies with its devices, comes back without one of them, goes with a farewell; one is unbound."""
    scene = Scene()
    scene.cover(1, tilt_deg=70)
    scene.ticks(1, 5)
    scene.will(at_s=6)
    scene.ticks(6, 30)
    scene.birth(at_s=31, epoch=8)
    for at_s in range(32, 120):
        scene.beat(at_s, "lift-7")
        scene.tick(at_s)
    scene.beat(120)
    scene.pack(Status(us(121), 8, False), at_s=121, lane="status", epoch=8)
    scene.ticks(122, 150)
    scene.birth(at_s=151, epoch=9, devices=BOUND[:1])
    return scene


def node_late() -> Scene:
    """The broker tells of the node's death after its devices have called."""
    scene = Scene()
    scene.ticks(1, 30)
    scene.will(at_s=31)
    return scene


def clones() -> Scene:
    """A card is cloned, a backup restored, another agent speaks for a device."""
    scene = Scene()
    scene.birth(at_s=1, boot="other")
    scene.birth(at_s=2, epoch=9)
    scene.birth(at_s=3, epoch=7)
    scene.pack(Reading("cover-1", us(4), {"tilt_deg": 70}), at_s=4, agent="a-2")
    return scene


def strangers() -> Scene:
    """Devices of which no birth has spoken, more than are kept, and one of a kind that nobody knows."""
    scene = Scene(born=False)
    scene.cover(1, tilt_deg=1)
    for first in range(0, MAX_UNBOUND, 500):
        scene.pack(*(Reading(f"stranger-{first + n}", us(2), {"x": 1}) for n in range(500)), at_s=2)
    scene.birth(at_s=3, devices=(Binding("cover-1", "unheard_of"),))
    scene.cover(4, tilt_deg=1)
    return scene


def garbage() -> Scene:
    """Texts, policies and bodies that cannot be read."""
    scene = Scene()
    scene.text({"manhole_cover": "kind ="}, at_s=1, policy="lease =")
    scene.record("act", 2, b"{", agent=AGENT)
    return scene


def works() -> Scene:
    """A maintenance window opens over an alarm, and ends."""
    scene = Scene()
    scene.text(TEXTS, policy=WORKS)
    scene.cover(1, tilt_deg=20)
    scene.beat(5)
    for at_s in range(6, 110):
        scene.cover(at_s, tilt_deg=20)
        scene.tick(at_s)
    return scene


def road() -> Scene:
    """One key is not enough, two are; and a person has reported it."""
    scene = Scene(born=False, texts=KEYED)
    scene.birth(at_s=0, devices=ON_ROAD)
    scene.birth(at_s=0, devices=IN_ROAD, agent="a-2")
    scene.cover(1, tilt_deg=20)
    scene.well(2, 3)
    scene.act("report", at_s=3, rule="person.report", subject="road-1", area=AREA, kind="person.reported_hole")
    return scene


def collapse() -> Scene:
    """One key is a case, two near each other an alarm, which ends by inspection only; what comes later joins it."""
    scene = Street()
    scene.see(1, "hole")
    scene.feel(2, True)
    (alarm,) = scene.open("road.collapse")
    scene.close(3, alarm, "other")
    scene.close(4, alarm, "inspected")
    scene.queue(2, got_s=10)
    return scene


def receiver() -> Scene:
    """A receiver takes nothing, and is told again."""
    scene = Scene()
    for at_s, dead in ((100, True), (200, False)):
        word = receiver_word("ops", hub="x", dead=dead, detail="not told for 1h", now_us=us(at_s))
        scene.record(word.kind, at_s, word.body)
    return scene


SCENES: dict[str, Callable[[], Scene]] = {
    scene.__name__: scene
    for scene in (
        *(
            rescue,
            aside,
            conditions,
            events,
            absence,
            node_down,
            node_late,
            clones,
            strangers,
            garbage,
            works,
            road,
            collapse,
            receiver,
        ),
    )
}
