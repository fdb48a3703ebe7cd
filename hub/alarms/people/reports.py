"""What a person reports: an alarm of a device or a case to inspect, and where rules of assets or sites ask, a key."""

import re

import msgspec

from device_profiles.errors import TopicError
from device_profiles.topics import check_area
from hub.alarms.city.places import LatLon
from hub.alarms.decisions import NOBODY, By, Decisions
from hub.alarms.facts.events import LATE_US, Sighting, sight
from hub.alarms.rows import DeviceState, HubPart, ReportState, asset_key
from hub.alarms.rulebook import assets, sites
from hub.alarms.rulebook.heads import RuleHead
from hub.alarms.rulebook.rules import PERSON_REPORT
from hub.alarms.state import State
from hub.alarms.transitions import REPORTED, Reason, Refusal

REPORT = "report"  # the act
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
    at: LatLon | None = None  # degrees, WGS 84

    @property
    def sound(self) -> bool:
        """Whether it says something, somewhere."""
        try:
            check_area(self.area)
        except TopicError:
            return False
        named = all(not name or is_name(name) for name in (self.asset, self.device))
        told = bool(self.text.strip()) and named and (self.at is None or is_on_earth(self.at))
        return told and (not self.photo or _PHOTO.match(self.photo) is not None)

    @property
    def detail(self) -> str:
        """The report in one line."""
        more = [f"[{self.kind}]"] if self.kind else []
        more += [f"at {self.at[0]:.6f},{self.at[1]:.6f}"] if self.at is not None else []
        more += [f"photo sha256:{self.photo}"] if self.photo else []
        return " ".join([self.text.strip()[:MAX_TEXT], *more])


def is_name(text: str) -> bool:
    """Return whether an asset or a device can be called so."""
    return _NAME.match(text) is not None


def is_on_earth(at: LatLon) -> bool:
    """Return whether these are degrees of latitude and longitude; nan is none."""
    return -90 <= at[0] <= 90 and -180 <= at[1] <= 180


def take_report(decisions: Decisions, report: Report, *, by: By, t_us: int) -> None:
    """Open what the report is of, as an event would, else a case to inspect; and let rules with keys hear of it."""
    if not by.actor.strip() or not report.sound:
        refusal = Refusal.ACT_UNKNOWN if by.actor.strip() else Refusal.ACT_NAMELESS
        decisions.refuse(PERSON_REPORT, refusal, decisions.received_us)
        return
    members = _meant(decisions.state, report)
    asset = report.asset or (members[0].asset if members else "")
    said = By(by.actor, by.because, report.detail)
    told = _alarm(decisions, members, report, by=said, t_us=t_us)
    if report.kind in decisions.state.book.site_hears:
        told = _tell_sites(decisions, report, asset, by=NOBODY if told else said, t_us=t_us) or told
    if not told:
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
        assets.hear(decisions, members[0], t_us, report.kind)


def _tell_sites(decisions: Decisions, report: Report, asset: str, *, by: By, t_us: int) -> bool:
    """Let the report be a key where it was seen: at its position, that of the device that is meant, or the asset's.

    Return whether it has joined an alarm or a case, or opened one.
    """
    state, key = decisions.state, f"{REPORTED}{decisions.offset}"
    device = f"{report.area}/{report.device}" if report.device else ""
    at = report.at or state.policy.position(device, asset)
    kept = ReportState(key, report.kind, report.area, t_us, at, asset)
    state.report(kept)
    told = sites.land(decisions, kept, by=by)
    sites.settle(decisions, [key], live=False)
    return told
