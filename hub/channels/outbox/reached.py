"""Which states, kinds of notices and faults the deliveries of a hub have reached, and how often."""

from collections import Counter
from enum import StrEnum

import sqlalchemy as sa

from hub.channels.faults import Fault
from hub.channels.notice import NoticeKind
from hub.channels.outbox.outbox import DeliveryState, notices, outbox
from hub.channels.outbox.standing import standings

DELIVERED: dict[str, type[StrEnum]] = {"delivery": DeliveryState, "notice": NoticeKind, "fault": Fault}


def reached(connection: sa.Connection) -> Counter[tuple[str, str]]:
    """Count the names; of faults the last of each change that is not told, and of each receiver."""
    found: Counter[tuple[str, str]] = Counter()
    for of, column in (("delivery", outbox.c.state), ("notice", notices.c.kind), ("fault", outbox.c.reason)):
        for name, count in connection.execute(sa.select(column, sa.func.count()).group_by(column)):
            found[of, name] += count
    for detail in connection.execute(sa.select(standings.c.detail)).scalars():
        found["fault", detail.partition(":")[0]] += 1
    return found
