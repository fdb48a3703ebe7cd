"""What the hub says of itself in the journal, such as that a receiver takes no alarms: an alarm like any other."""

import msgspec

from device_profiles.topics import check_id
from hub.alarms.decisions import Decisions
from hub.alarms.rows import HubPart, Mark
from hub.alarms.rulebook.heads import RuleHead
from hub.alarms.transitions import Reason, Refusal
from hub.journal.records import NewRecord

RECEIVER_DEAD = "receiver.dead"
_HEADS = {RECEIVER_DEAD: RuleHead(RECEIVER_DEAD, "critical", "A receiver takes no alarms", False, "")}
_MAX_DETAIL = 500  # characters


class WordBody(msgspec.Struct, frozen=True):
    """The body of a record of kind word."""

    rule: str
    subject: str  # with a colon: no device, agent or asset is named so
    area: str  # under which it is told
    holds: bool  # whether it is so from now on
    detail: str = ""


def receiver_subject(name: str) -> str:
    """Return the subject of the alarms of a receiver."""
    return f"receiver:{name}"


def receiver_word(name: str, *, hub: str, dead: bool, detail: str, now_us: int) -> NewRecord:
    """Return the record that says that a receiver is given up, or takes alarms again."""
    area = f"hub/{check_id(hub)}/receivers"  # three levels, as the topic of an alarm has
    body = WordBody(RECEIVER_DEAD, receiver_subject(name), area, dead, detail[:_MAX_DETAIL])
    return NewRecord(now_us, "word", msgspec.json.encode(body))


def take_word(decisions: Decisions, body: WordBody) -> None:
    """Raise or clear what the hub says of itself; said again it changes nothing."""
    head = _HEADS.get(body.rule)
    if head is None or ":" not in body.subject:
        decisions.refuse(body.rule, Refusal.BODY_UNREADABLE, decisions.received_us)
        return
    found = decisions.state.occurrence(head.rule, body.subject)
    is_open = found is not None and found.open
    if body.holds and not is_open:
        part = HubPart(body.area, body.subject)
        decisions.open(head, part, t_us=decisions.received_us, reason=Reason.UNDELIVERED, detail=body.detail)
    elif found is not None and is_open and not body.holds:
        mark = Mark(body.subject, 0, decisions.received_us)
        decisions.end(found, mark, reason=Reason.DELIVERED, detail=body.detail)
