"""The last reading of each device: those before it whose every value it says again make no difference."""

from device_profiles.errors import WireError
from device_profiles.topics import area_of
from device_profiles.wire import Pack, Reading
from hub.admission import ceiling_us
from hub.journal.records import Record, pack_of

Said = tuple[Reading, Pack, str]  # a reading, its pack, and the agent that said it


class Last:
    """Readings that wait to be folded; taken out and folded in any order, they make the same twins."""

    def __init__(self) -> None:
        self._said: list[Said] = []  # followed by others that do not say all of it again
        self._last: dict[tuple[str, str], Said] = {}  # area, device → its last one
        self._packs: dict[str, tuple[Pack, Record]] = {}  # agent → its last one

    def take(self, record: Record) -> bool:
        """Take in a pack of readings; False when it must be folded as it is, and what waits before it."""
        readings = _readings(record)
        if readings is None:
            return False
        pack, facts = readings
        agent, area, last = record.agent, area_of(record.agent), self._last
        ceiling = ceiling_us(pack.clock, received_us=record.received_us)
        for fact in facts:
            if fact.t_us > ceiling:  # the future is not believed
                continue
            key = area, fact.device
            before, said = last.get(key), (fact, pack, agent)
            if before is not None and not _says_again(said, before):
                self._said.append(before)
            last[key] = said
        self._packs[agent] = pack, record
        return True

    def readings(self) -> list[Said]:
        """Take out the readings, those of one device in their order."""
        said = [*self._said, *self._last.values()]
        self._said, self._last = [], {}
        return said

    def packs(self) -> list[tuple[Pack, Record]]:
        """Take out the last pack of each agent."""
        packs, self._packs = self._packs, {}
        return list(packs.values())


def _readings(record: Record) -> tuple[Pack, list[Reading]] | None:
    try:
        pack = pack_of(record)
    except WireError:
        return None
    readings = [fact for fact in pack.facts if type(fact) is Reading]
    return None if len(readings) < len(pack.facts) or pack.seq is None or pack.stands_for else (pack, readings)


def _says_again(said: Said, before: Said) -> bool:
    """Return whether ``said``, which came behind ``before``, says every value of it again and later."""
    new, pack, agent = said
    old, earlier, other = before
    if new.t_us < old.t_us or agent != other or (pack.seq or 0) < (earlier.seq or 0):
        return False
    return pack.epoch == earlier.epoch and pack.lane == earlier.lane and new.values.keys() == old.values.keys()
