"""What a person reports: a case to inspect, and where the asset's rules ask for it one of their keys."""

import re

import msgspec

from device_profiles.errors import TopicError
from device_profiles.topics import check_area
from hub.alarms.assets import hear
from hub.alarms.decisions import By, Decisions
from hub.alarms.heads import RuleHead
from hub.alarms.rows import HubPart, asset_key
from hub.alarms.transitions import Reason, Refusal

REPORT = "report"  # the act
PERSON_REPORT = "person.report"  # the rule
MAX_TEXT = 400  # characters of a report; photo and kind stand behind it
_HEAD = RuleHead(PERSON_REPORT, "minor", "Reported by a person", True, "")
_PHOTO = re.compile(r"[0-9a-f]{64}\Z")
_ASSET = re.compile(r"[^\s/:]{1,100}\Z")


class Report(msgspec.Struct, frozen=True):
    """What somebody has seen, and where."""

    text: str
    area: str
    asset: str = ""  # the register's id, "" when it is not known
    kind: str = ""  # of event, "" when it is none that rules ask for
    photo: str = ""  # sha256

    @property
    def sound(self) -> bool:
        """Whether it says something, somewhere."""
        try:
            check_area(self.area)
        except TopicError:
            return False
        named = not self.asset or _ASSET.match(self.asset) is not None
        return bool(self.text.strip()) and named and (not self.photo or _PHOTO.match(self.photo) is not None)

    @property
    def detail(self) -> str:
        """The report in one line."""
        more = [f"[{self.kind}]"] if self.kind else []
        more += [f"photo sha256:{self.photo}"] if self.photo else []
        return " ".join([self.text.strip()[:MAX_TEXT], *more])


def take_report(decisions: Decisions, report: Report, *, by: By, t_us: int) -> None:
    """Open a case on the asset, or one of its own where none is named, and let the asset's rules hear of it."""
    if not by.actor.strip() or not report.sound:
        refusal = Refusal.ACT_UNKNOWN if by.actor.strip() else Refusal.ACT_NAMELESS
        decisions.refuse(PERSON_REPORT, refusal, decisions.received_us)
        return
    subject = asset_key(report.asset) if report.asset else f"report:{decisions.offset}"
    found = decisions.state.occurrence(PERSON_REPORT, subject)
    said = By(by.actor, by.because, report.detail)
    if found is not None and found.open:
        decisions.join(found, t_us=t_us, reason=Reason.EVENT_AGAIN, detail=report.detail, by=said)
    else:
        part = HubPart(report.area, subject, report.asset)
        decisions.open(_HEAD, part, t_us=t_us, reason=Reason.ACT, detail=report.detail, by=said)
    _tell_asset(decisions, report, t_us=t_us)


def _tell_asset(decisions: Decisions, report: Report, *, t_us: int) -> None:
    """Let the report be a key: it is kept with the asset's first device, for keys are kept with devices."""
    state = decisions.state
    members = sorted(state.members.get(report.asset, ())) if report.asset else []
    if not members or report.kind not in state.book.hears:
        return
    device = state.devices[members[0]]
    agent = state.agents.get(device.agent)
    if agent is not None:
        hear(decisions, device, decisions.mark(device, t_us - agent.offset.us), report.kind)
