"""What a city's own profile must have to stand in place of a built-in one: it may tune all of it and drop nothing."""

from collections.abc import Iterator

from device_profiles.specs.profile_spec import ProfileSpec

BUILT_IN_ONE = "built-in"  # what a profile says that it replaces


def replacement_faults(own: ProfileSpec, built_in: ProfileSpec) -> Iterator[tuple[str, str]]:
    """Yield (key, message) for what the built-in profile has and its replacement has not.

    Agents go on saying these values and events, judges and dialects go on writing them, and a rule that is gone alarms
    nobody: whoever wants to hear less takes an alarm out of service, where everybody sees it.
    """
    for key, ours, theirs in (
        ("values", own.values.keys(), built_in.values.keys()),
        ("events", own.events.keys(), built_in.events.keys()),
        ("dialects", own.dialects.keys(), built_in.dialects.keys()),
        ("alarms", {rule.rule for rule in own.alarms}, {rule.rule for rule in built_in.alarms}),
    ):
        missing = sorted(theirs - ours)
        if missing:
            yield (
                key,
                f"half a replacement: the built-in {own.kind!r} has {', '.join(missing)} too",
            )
    for name, value in built_in.values.items():
        if name in own.values and own.values[name].type != value.type:
            yield f"values.{name}.type", f"the built-in {own.kind!r} says {value.type}"
    for name in ("modbus", "box", "judge"):
        if getattr(built_in, name) is not None and getattr(own, name) is None:
            yield name, f"half a replacement: the built-in {own.kind!r} has it"
    if own.judge is not None and built_in.judge is not None and own.judge.name != built_in.judge.name:
        yield "judge.name", f"the built-in {own.kind!r} is judged by {built_in.judge.name!r}"
