"""The words for what may happen in a scenario: to lifts, lines, cameras, the ground, the node, by a person, in town."""

from typing import Literal

LiftAct = Literal[
    "stop_between_floors",  # the safety circuit opens while the car is between floors with somebody inside
    "stop_between_floors_empty",  # the same with nobody inside
    "stop_at_speed",  # the same, once the car is well under way
    "lose_power",  # the mains go while the car is between floors with somebody inside
    "jam_door",  # the door does not open at the next level that the car reaches with somebody inside
    "unjam_door",  # a jammed door gives way by itself; it has happened when it is wide open
    "release",  # rescued: repaired, levelled, everybody out; it has happened when the door is wide open
    "press_button",  # somebody presses the alarm button `for` so long
    "test_call",  # the terminal makes its test call, `for` so long
    "break_sensor",  # the presence sensor reports itself broken
    "break_load",  # the load cell does not know
    "mend_sensors",
    "inspection",  # inspection mode, as soon as the car is empty
    "fire_return",  # fire return, at the next stop
    "firefighter",  # after fire return: a firefighter drives the car
    "park",  # switched off by the caretaker's key, as soon as the car is empty
    "normal",  # back to automatic
    "cut_power",  # the mains go, wherever the car is
    "restore_power",
    "hold_door",  # the door is kept open `for` so long at the next stop
    "obstruct_door",  # something stands in the door `for` so long: it opens again and again
    "leave_goods",  # 40 kg of goods stay in the car
    "seat",  # somebody enters who presses no floor
    "freeze",  # the terminal repeats its values
    "thaw",
    "jump",  # children jump in the car `for` so long, wherever it is
    "shake",  # somebody climbs and works on the car, the box in reach, `for` so long
]
WireAct = Literal[
    "slave_silent",  # of a box too
    "slave_late",
    "slave_corrupt",  # of a box too
    "slave_cut",  # its answers break off in the middle
    "slave_foreign",  # it answers for another slave of the line
    "slave_back",  # of a box too: all its faults end
    "unplug_line",
    "plug_line",
    "box_freeze",  # its sensor gives one value for ever
    "box_clock_jump",  # its clock jumps by an hour
    "box_restart",  # it begins to count anew
]
NodeAct = Literal[
    "node_off",  # the street node loses its power: its agent is killed with SIGKILL
    "node_on",  # it has it again; it has happened when the agent says that it is ready
]
PersonAct = Literal[
    "acknowledge",  # somebody in the command centre takes the alarm `rule` of `lift`
    "close",  # somebody declares its end, by name
    "report",  # somebody sees a hole in the road that a camera watches or a sensor lies under, and says so
    "inspect",  # somebody is there, looks, and closes the alarm `rule` of a site because of that
    "declare_over",  # somebody who has not been there tries to close it: the hub must refuse
]
REPORT = "report"
SITE_ACTS = frozenset({REPORT, "acknowledge", "close", "inspect", "declare_over"})  # without a lift
TownAct = Literal[
    "storm",  # the meters of [storm] say too much, all at once
    "receiver_off",  # nobody listens at `receiver`
    "receiver_on",
]
CameraAct = Literal[
    "camera_stall",  # connected, and nothing comes
    "camera_freeze",
    "camera_black",
    "camera_cover",
    "camera_shift",  # knocked: it looks elsewhere
    "camera_blur",
    "camera_size",
    "camera_rate",  # a picture every three seconds
    "camera_drop",  # it hangs up, and nobody answers
    "camera_reset",  # it hangs up, and can be called again at once
    "camera_half",  # every picture breaks off in the middle
    "camera_noise",  # what it sends is no picture
    "camera_well",
]
RoadAct = Literal[
    "road_collapses",  # a hole, some square metres within two seconds
    "road_floods",  # a main has burst below it
    "road_puddle",  # after rain; this and what follows is no collapse
    "road_shadow",  # of something that was put up there
    "road_shadow_passes",
    "road_lorry",  # it stops and stays
    "road_headlights",  # of a car that stands and shines
    "road_gang",  # people with cones and an open manhole
    "road_tarpaulin",  # somebody lost it
    "road_snow",
    "road_mended",  # whatever had befallen it is put right
]
QueueAct = Literal["queue_reaches"]  # the queue that a camera sees is `metres` long: nobody does that, it happens
WorkerAct = Literal[
    "worker_kill",  # the process that watches a camera is killed
    "worker_hang",  # it stands still
    "worker_starve",  # it gets no more memory
]
GroundAct = Literal[
    "ground_sinks",  # by `mm`, `for` so long
    "ground_tilts",  # by `deg`
    "ground_collapses",  # at once: it sinks by `mm` and tilts by `deg`
    "cover_opens",  # to `deg`
    "cover_closes",
    "well_rises",  # by `metres`, `for` so long
    "well_falls",  # back to where it stood
    "lorry_passes",  # everything shakes `for` so long
    "unit_changes",  # from now on it speaks in `unit`; `says_unit`: its unit field says so too
    "unit_back",
    "sensor_restarts",  # counts its frames, and its settlement, from zero
    "sensor_off",
    "sensor_on",
    "uplinks_lost",  # its next `count` uplinks
    "uplinks_doubled",
    "uplinks_late",  # they come `for` so long later
]
BOX_ACTS: frozenset[str] = frozenset({"box_freeze", "box_clock_jump", "box_restart"})
NODE_ACTS: frozenset[str] = frozenset(NodeAct.__args__)  # type: ignore[attr-defined]
PERSON_ACTS: frozenset[str] = frozenset(PersonAct.__args__)  # type: ignore[attr-defined]
TOWN_ACTS: frozenset[str] = frozenset(TownAct.__args__)  # type: ignore[attr-defined]
HAND_ACTS = NODE_ACTS | PERSON_ACTS | TOWN_ACTS  # what neither a lift nor a line does
SLAVE_ACTS: frozenset[str] = frozenset({"slave_cut", "slave_foreign"})
WORKER_ACTS: frozenset[str] = frozenset(WorkerAct.__args__)  # type: ignore[attr-defined]
CAMERA_FAULTS: dict[str, str] = {  # act → fault; "": none
    act: act.removeprefix("camera_").replace("well", "")
    for act in CameraAct.__args__  # type: ignore[attr-defined]
}
QUEUE_REACHES = "queue_reaches"
ROAD_ACTS: dict[str, str] = {
    "road_collapses": "hole",
    "road_floods": "flood",
    "road_shadow_passes": "passing_shadow",
    "road_mended": "mended",
} | {f"road_{kind}": kind for kind in ("puddle", "shadow", "lorry", "headlights", "gang", "tarpaulin", "snow")}
CAMERA_ACTS = WORKER_ACTS | CAMERA_FAULTS.keys() | ROAD_ACTS.keys() | {QUEUE_REACHES, REPORT}
GROUND_ACTS: frozenset[str] = frozenset(GroundAct.__args__)  # type: ignore[attr-defined]
UPLINK_ACTS = frozenset({"uplinks_lost", "uplinks_doubled", "uplinks_late"})
LINE_ACTS: frozenset[str] = SLAVE_ACTS | {"slave_late", "slave_corrupt"}  # a platform does not do that
WIRE_ACTS: frozenset[str] = frozenset(WireAct.__args__)  # type: ignore[attr-defined]
