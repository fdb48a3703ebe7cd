"""What a lift's values say at one instant, in three-valued logic: stuck, level and open, called, somebody inside."""

from device_profiles.specs.condition import Condition, Truth, Values

INPUTS = (
    "alarm_button",
    "car_moving",
    "door_zone",
    "door_closed",
    "door_open_demand",
    "passenger",
    "passenger_sensor_fault",
    "load_kg",
    "service_mode",
    "fault_code",
    "test_call",
)
STUCK = Condition("not car_moving and (not door_zone or (door_closed and door_open_demand))")
LEVEL_AND_OPEN = Condition("not car_moving and door_zone and not door_closed")
CALLING = Condition("alarm_button or fault_code == 90")
SUPPRESSED = Condition("service_mode == 2 or service_mode == 3 or service_mode == 4")  # inspection and fire
EXPLAINED = Condition("fault_code >= 1 and fault_code <= 4 or fault_code == 6 or fault_code == 7")


def seen(values: Values) -> Truth:
    """Return what the presence sensor says now; unknown when it is broken, or may be and sees nobody."""
    word = flag(values, "passenger")
    broken = flag(values, "passenger_sensor_fault") if "passenger_sensor_fault" in values else False
    if broken is True:
        return None
    return None if broken is None and word is False else word


def loaded(values: Values, *, load_kg: float) -> Truth:
    """Return whether more than ``load_kg`` stand in the car."""
    load = values.get("load_kg")
    return load > load_kg if isinstance(load, int | float) else None


def flag(values: Values, name: str) -> Truth:
    """Return a value as a truth."""
    value = values.get(name)
    return None if value is None else bool(value)


def both(first: Truth, second: Truth) -> Truth:
    """Return Kleene's and."""
    if first is False or second is False:
        return False
    return None if first is None or second is None else True


def either(*words: Truth) -> Truth:
    """Return Kleene's or."""
    if True in words:
        return True
    return None if None in words else False
