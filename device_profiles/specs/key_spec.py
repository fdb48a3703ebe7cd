"""Keys: what several devices of one asset or site must agree on before it is alarming (ALARMS.md, 14)."""

from collections.abc import Iterable, Mapping

import msgspec

from device_profiles.config import Duration
from device_profiles.specs.condition import Condition, ConditionError
from device_profiles.wire import Name

REPORTED = "person."  # kinds of events that people report begin so; no profile has to name them


class Key(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One witness: a condition over the values of a kind of device, or an event; of a site, either of both too."""

    kind: Name | None = None  # of the devices whose values `when` is over; of a site without it: any that has them
    when: str | None = None  # true while it is true of any such device of the asset or site
    on: Name | None = None  # instead of both, of a site also besides: kind of the Event; true at its instant
    physics: tuple[Name, ...] = ()  # of a site: what may explain it; keys that share any of these are one key
    holds: Duration | None = None  # of a site: while it is true it is held to be so, this long without another word
    follows: Duration | None = None  # of a site: it agrees only with what began at most so long before it
    alone: bool = True  # of a site: it opens a case when it is alone; false: it only adds to others
    another: bool = False  # of a site: true of another device that senses through something else is another key
    beside: bool = False  # of a site: it agrees with a key of other physics of its own device too


def sites_own(key: Key) -> Iterable[str]:
    """Yield the fields that are set of those which only the rule of a site has."""
    plain = Key(kind=key.kind, when=key.when, on=key.on)
    yield from (field for field in key.__struct_fields__ if getattr(key, field) != getattr(plain, field))


def key_faults(keys: Mapping[str, Key], *, any_kind: bool = False) -> Iterable[tuple[str, str]]:
    """Yield (key, message) for what is wrong with ``keys`` whatever other profiles say.

    ``any_kind``: a condition need not name the kind of the devices.
    """
    for name, key in keys.items():
        kindless = key.kind is None and not (any_kind and key.when is not None)
        both = any_kind and key.on is not None and key.when is not None
        if ((key.on is None) is (key.when is None) and not both) or kindless is not (key.when is None):
            yield f"keys.{name}", "has either `on` (an event), or `kind` and `when` (a condition over its values)"
        elif key.when is not None:
            try:
                Condition(key.when)
            except ConditionError as error:
                yield f"keys.{name}.when", str(error)


def unknown_in(
    keys: Mapping[str, Key], *, values: Mapping[str, frozenset[str]], events: frozenset[str]
) -> Iterable[tuple[str, str]]:
    """Yield (key, message) for what no profile knows; ``values``: kind of device → names of its values."""
    for name, key in keys.items():
        if key.on is not None and key.on not in events and not key.on.startswith(REPORTED):
            yield f"keys.{name}.on", f"{key.on!r} is not in the events of any profile"
        if key.when is None:
            continue
        if key.kind is None:
            if not any(Condition(key.when).names <= known for known in values.values()):
                yield f"keys.{name}.when", "there is no profile that has all of its values"
            continue
        if key.kind not in values:
            yield f"keys.{name}.kind", f"unknown profile {key.kind!r}; known: {', '.join(sorted(values))}"
            continue
        for value in sorted(Condition(key.when).names - values[key.kind]):
            yield f"keys.{name}.when", f"{value!r} is not in the values of {key.kind!r}"
