"""What a platform also sends in life: broken JSON, other people's lifts, clocks of next week, codes of its own."""

import msgspec

from simulators.platforms.dialects import Make, Push

_HOUR_US = 3_600_000_000
_STRANGER = "99999999999999999999"  # a lift that nobody has bound
_STRANGE = 77
_HUGE = b'{"padding":"' + b"x" * 400_000 + b'"}'


_BODIES = {"empty": b"", "cut": b"{", "list": b"[]", "no_text": b'"\xff"', "deep": b"[" * 5_000, "huge": _HUGE}
KINDS = ("no_code", "strange_code", "short_code", "stranger", "tomorrow", *_BODIES)


def noise(kind: str, make: Make, push: Push) -> tuple[str, bytes]:
    """Return registration code and body of a message that must raise nothing, made from the last one that was right."""
    if kind in _BODIES:
        return push.registration_code, _BODIES[kind]
    trapped = msgspec.structs.replace(push.report, moving=False, door_zone=False, passenger=True, entrapped="between")
    lie = msgspec.structs.replace(push, report=trapped, before=None)
    match kind:
        case "no_code":
            lie = msgspec.structs.replace(lie, registration_code="")
        case "short_code":
            lie = msgspec.structs.replace(lie, registration_code="123")
        case "stranger":
            lie = msgspec.structs.replace(lie, registration_code=_STRANGER)
        case "tomorrow":
            lie = msgspec.structs.replace(lie, t_us=lie.t_us + _HOUR_US)
        case "strange_code":
            lie = msgspec.structs.replace(
                push, report=msgspec.structs.replace(push.report, fault=_STRANGE), before=None
            )
    return lie.registration_code, msgspec.json.encode(make.body([lie]))
