"""What a person reports: an alarm of a device or a case to inspect, and where an asset's rules ask for it a key."""

import re

import msgspec

from device_profiles.errors import TopicError
from device_profiles.topics import check_area
from hub.alarms.decisions import By, Decisions
from hub.alarms.facts.events import LATE_US, Sighting, sight
from hub.alarms.rows import DeviceState, HubPart, asset_key
from hub.alarms.rulebook.assets import hear
from hub.alarms.rulebook.heads import RuleHead
from hub.alarms.state import State
from hub.alarms.transitions import Reason, Refusal

REPORT = "report"  # the act
PERSON_REPORT = "person.report"  # the rule
MAX_TEXT = 400  # characters of a report; photo and kind stand behind it
_HEAD = RuleHead(PERSON_REPORT, "minor", "Reported by a person", True, "")
_PHOTO = re.compile(r"[0-9a-f]{64}\Z")
_NAME = re.compile(r"[^\s/:]{1,100}\Z")


class Report(msgspec.Struct, frozen=True):
    """What somebody has seen, and where."""

    text: str
    area: str
    asset: str = ""  # the register's id, "" when it is not known
    kind: str = ""  # of event, "" when it is none that rules ask for
    photo: str = ""  # sha256
    device: str = ""  # its name in the area, "" when none is meant

    @property
    def sound(self) -> bool:
        """Whether it says something, somewhere."""
        try:
            check_area(self.area)
        except TopicError:
            return False
        named = all(not name or _NAME.match(name) is not None for name in (self.asset, self.device))
        return bool(self.text.strip()) and named and (not self.photo or _PHOTO.match(self.photo) is not None)

    @property
    def detail(self) -> str:
        """The report in one line."""
        more = [f"[{self.kind}]"] if self.kind else []
        more += [f"photo sha256:{self.photo}"] if self.photo else []
        return " ".join([self.text.strip()[:MAX_TEXT], *more])


def take_report(decisions: Decisions, report: Report, *, by: By, t_us: int) -> None:
    """Open what the report is of, as an event would, else a case to inspect; and let the asset's rules hear of it."""
    if not by.actor.strip() or not report.sound:
        refusal = Refusal.ACT_UNKNOWN if by.actor.strip() else Refusal.ACT_NAMELESS
        decisions.refuse(PERSON_REPORT, refusal, decisions.received_us)
        return
    members = _meant(decisions.state, report)
    asset = report.asset or (members[0].asset if members else "")
    said = By(by.actor, by.because, report.detail)
    if not _alarm(decisions, members, report, by=said, t_us=t_us):
        _case(decisions, report, asset, by=said, t_us=t_us)
    _tell_asset(decisions, members, report, t_us=t_us)


def _meant(state: State, report: Report) -> list[DeviceState]:
    """Return the device that is meant, or those of the asset, by key."""
    keys = [f"{report.area}/{report.device}"] if report.device else sorted(state.members.get(report.asset, ()))
    return [state.devices[key] for key in keys if key in state.devices]


def _alarm(decisions: Decisions, members: list[DeviceState], report: Report, *, by: By, t_us: int) -> bool:
    """Let the first device that has rules for such an event be alarmed by them; return whether there is one."""
    for device in members:
        rules = decisions.state.rules_of(device)
        agent = decisions.state.agents.get(device.agent)
        found = rules.opened_by(report.kind) if rules is not None and report.kind else []
        if found and agent is not None:
            mark = decisions.mark(device, t_us - agent.offset.us)
            sighting = Sighting(mark, report.detail, decisions.received_us - t_us > LATE_US, Reason.ACT, by)
            for rule in found:
                sight(decisions, device, rule, sighting)
            return True
    return False


def _case(decisions: Decisions, report: Report, asset: str, *, by: By, t_us: int) -> None:
    """Open a case on the asset, or one of its own where none is known."""
    subject = asset_key(asset) if asset else f"report:{decisions.offset}"
    found = decisions.state.occurrence(PERSON_REPORT, subject)
    if found is not None and found.open:
        decisions.join(found, t_us=t_us, reason=Reason.EVENT_AGAIN, detail=report.detail, by=by)
    else:
        part = HubPart(report.area, subject, asset)
        decisions.open(_HEAD, part, t_us=t_us, reason=Reason.ACT, detail=report.detail, by=by)


def _tell_asset(decisions: Decisions, members: list[DeviceState], report: Report, *, t_us: int) -> None:
    """Let the report be a key: it is kept with the first device, for keys are kept with devices."""
    agent = decisions.state.agents.get(members[0].agent) if members else None
    if agent is not None and members[0].asset and report.kind in decisions.state.book.hears:
        hear(decisions, members[0], decisions.mark(members[0], t_us - agent.offset.us), report.kind)
