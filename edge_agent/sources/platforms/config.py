"""[[platforms]] of the agent's config: where a platform pushes to, in which dialect, and whose devices it speaks of."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated

import msgspec

from device_profiles.config import Size, duration_us, size_bytes
from device_profiles.link import BrokerConfig, broker_faults
from device_profiles.profile import Profile
from device_profiles.specs.dialect_spec import Dialect
from device_profiles.wire import Binding, Id, Name

CLOCK = "platform.clock"  # the Event of a clock that is behind, or right again
FEED: Name = "platform_feed"  # profile of the platform itself
MAX_BODY = 16_000_000  # bytes; a thousand lifts with a hundred fields are under 4 MB


class PlatformDevice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One device that a platform speaks of."""

    device: Id
    asset: Annotated[str, msgspec.Meta(max_length=128)] = ""  # the register's id of what it watches


class Platform(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the two kinds have in common."""

    name: Id  # the platform's own device
    dialect: Name
    devices: dict[str, PlatformDevice]  # by registration code
    profile: Name = "lift_platform"
    max_body: Size = "256kB"  # a larger message is refused
    trust_time: bool = True  # False: the platform's clock is wrong, the time of arrival counts
    feed: Name = FEED  # profile of the platform itself: when it counts as silent

    @property
    def exposed(self) -> bool:
        """Whether anybody can push here without a secret."""
        return False

    @property
    def bindings(self) -> tuple[Binding, ...]:
        """What a birth says of the platform and of its devices."""
        devices = (Binding(one.device, self.profile, one.asset) for one in self.devices.values())
        return (Binding(self.name, self.feed), *devices)


class HttpPlatform(Platform, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind", tag="http"):
    """A platform that POSTs to us."""

    listen: Annotated[str, msgspec.Meta(pattern=r"^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}\Z")] = "127.0.0.1:8085"
    path: Annotated[str, msgspec.Meta(pattern=r"^/[A-Za-z0-9/_.-]*\Z")] = "/"
    token_file: str = ""  # its first line must come as `Authorization: Bearer …`; relative to the config's folder

    @property
    def host_port(self) -> tuple[str, int]:
        """Where to listen."""
        host, _, port = self.listen.rpartition(":")
        return host.strip("[]"), int(port)

    @property
    def exposed(self) -> bool:
        """Whether others than this machine can push without a secret."""
        host = self.host_port[0]
        return not (self.token_file or host in ("localhost", "::1") or host.startswith("127."))


class MqttPlatform(Platform, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind", tag="mqtt"):
    """A platform on whose broker we listen."""

    broker: BrokerConfig  # the platform's, not ours
    topic: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]  # filter; may hold + and #


PlatformConfig = HttpPlatform | MqttPlatform


def platform_faults(
    platforms: tuple[PlatformConfig, ...], known: Mapping[str, Profile], *, folder: Path, taken: Iterable[str]
) -> Iterable[tuple[str, str]]:
    """Yield (key, message) of each fault; ``taken`` are the devices that others read."""
    devices = set(taken)
    addresses: set[str] = set()
    for number, platform in enumerate(platforms):
        key = f"platforms[{number}]"
        names = [("name", platform.name), *((f"devices.{c}.device", one.device) for c, one in platform.devices.items())]
        for field, device in names:
            if device in devices:
                yield f"{key}.{field}", f"{device!r} is used twice"
            devices.add(device)
        if not platform.devices:
            yield f"{key}.devices", "is empty: every message would be refused"
        if not 0 < size_bytes(platform.max_body) <= MAX_BODY:
            yield f"{key}.max_body", f"must be above 0 and at most {MAX_BODY // 1_000_000}MB"
        yield from ((f"{key}.{field}", message) for field, message in _dialect_faults(platform, known))
        yield from ((f"{key}.{field}", message) for field, message in _way_faults(platform, folder, addresses))


def _dialect_faults(platform: PlatformConfig, known: Mapping[str, Profile]) -> Iterable[tuple[str, str]]:
    if platform.profile not in known:
        yield "profile", f"unknown profile {platform.profile!r}; known: {', '.join(sorted(known))}"
        return
    dialects = known[platform.profile].spec.dialects
    if not dialects:
        yield "profile", f"{platform.profile!r} has no [dialects]"
    elif platform.dialect not in dialects:
        yield (
            "dialect",
            f"{platform.profile!r} has no dialect {platform.dialect!r}; known: {', '.join(sorted(dialects))}",
        )
    else:
        yield from _fit_faults(platform, dialects[platform.dialect], known)


def _fit_faults(platform: PlatformConfig, dialect: Dialect, known: Mapping[str, Profile]) -> Iterable[tuple[str, str]]:
    length = dialect.id_length
    for code in platform.devices:
        if not code or (length and len(code) != length):
            yield f"devices.{code}", f"a registration code has {length or 'some'} characters"
    feed = known.get(platform.feed)
    if feed is None or not {"messages", "refused", "late"} <= feed.spec.values.keys():
        yield "feed", f"{platform.feed!r} is no profile of a feed"
    elif dialect.time is not None and dialect.time.estimate and CLOCK not in feed.spec.events:
        yield "feed", f"{platform.feed!r} cannot tell {CLOCK}, which this dialect estimates"
    elif 2 * duration_us(dialect.keep_alive) > duration_us(feed.spec.liveness.silent_after):
        yield (
            "feed",
            f"{platform.feed!r} is silent after {feed.spec.liveness.silent_after}: this dialect speaks less often",
        )


def _way_faults(platform: PlatformConfig, folder: Path, addresses: set[str]) -> Iterable[tuple[str, str]]:
    if isinstance(platform, HttpPlatform):
        if platform.listen in addresses:
            yield "listen", f"{platform.listen!r} is used twice"
        addresses.add(platform.listen)
        if platform.host_port[1] > 65_535:
            yield "listen", "the port is above 65535"
        if platform.token_file and not _first_line(folder / platform.token_file):
            yield "token_file", f"{folder / platform.token_file} has no first line that can be read"
        return
    yield from ((f"broker.{field}", message) for field, message in broker_faults(platform.broker, folder))
    levels = platform.topic.split("/")
    if "#" in levels[:-1] or any(level not in ("+", "#") and set(level) & set("+#\0") for level in levels):
        yield "topic", f"{platform.topic!r} is no MQTT topic filter"


def read_token(platform: HttpPlatform, folder: Path) -> str:
    """Return the shared secret, "" when none is asked for."""
    return _first_line(folder / platform.token_file) if platform.token_file else ""


def _first_line(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").partition("\n")[0].strip()
    except (OSError, UnicodeDecodeError):
        return ""
