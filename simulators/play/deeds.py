"""What each act of a scenario does to a lift."""

from device_profiles.config import duration_s
from simulators.lifts.control import Mode
from simulators.lifts.lift import Lift
from simulators.play.act import Act

GOODS_KG = 40.0  # more than the judge takes for a passenger
MODES = {
    "firefighter": Mode.FIREFIGHTER,
    "park": Mode.STOPPED,
    "inspection": Mode.INSPECTION,
    "fire_return": Mode.FIRE_RETURN,
    "normal": Mode.NORMAL,
}
LASTING = {
    "test_call": Lift.test_call,
    "press_button": Lift.press_button,
    "jump": Lift.jump,
    "shake": Lift.shake,
    "obstruct_door": Lift.obstruct_door,
    "hold_door": Lift.hold_door,
}
ONCE = {
    "stop_between_floors": Lift.stop_between,
    "stop_at_speed": Lift.stop_at_speed,
    "lose_power": Lift.lose_power,
    "cut_power": Lift.cut_power,
    "restore_power": Lift.restore_power,
    "jam_door": Lift.jam_door,
    "unjam_door": Lift.unjam_door,
    "break_load": Lift.break_load,
    "break_sensor": Lift.break_sensor,
    "mend_sensors": Lift.mend_sensors,
    "release": Lift.release,
    "seat": Lift.seat,
    "freeze": Lift.freeze,
    "thaw": Lift.thaw,
}


def do(lift: Lift, act: Act) -> None:
    """Do it; when it takes hold the lift says. Raises KeyError for an act that is none of a lift's."""
    if act.act in MODES:
        lift.change_mode(act.name, MODES[act.act])
    elif act.act in LASTING:
        LASTING[act.act](lift, act.name, for_s=duration_s(act.lasts))
    elif act.act == "stop_between_floors_empty":
        lift.stop_between(act.name, occupied=False)
    elif act.act == "leave_goods":
        lift.leave_goods(act.name, kg=GOODS_KG)
    else:
        ONCE[act.act](lift, act.name)
