"""Write an alarm as a message of the Common Alerting Protocol 1.2, in Chinese and English."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from hub.alarms.transitions import Alarm, Transition
from hub.channels.notice import Told
from hub.channels.receivers import CapReceiver
from hub.channels.ways.cap_words import SEVERITIES, SEVERITIES_ZH, category, certainty, response, title_zh, urgency

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
LASTS_S = 86_400  # until a message expires that nothing supersedes
KEY_KM = 0.03  # round each key of a site: what it says is about so far
MAX_REFERENCES = 50  # the last ones: each supersedes those before it
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def cap_message(
    transition: Transition, *, receiver: CapReceiver, hub: str, earlier: tuple[Told, ...], made_us: int
) -> bytes:
    """Return the message: an Alert at first, then an Update, and a Cancel at the end, of what was told before.

    ``made_us`` is when the notice was put together: a message that comes late expires late.
    """
    alert = Element("alert", xmlns=NAMESPACE)
    _texts(alert, identifier=identifier(hub, transition.id), sender=receiver.sender, sent=cap_time(transition.t_us))
    kind = "Alert" if not earlier else "Update" if transition.alarm.open else "Cancel"
    _texts(alert, status=receiver.status, msgType=kind, source=f"citynerve hub {hub}", scope=receiver.scope)
    if receiver.scope == "Restricted":
        _texts(alert, restriction=receiver.restriction)
    _texts(alert, note=f"{transition.kind.value}: {transition.reason.value}")
    if earlier:
        _texts(alert, references=_references(earlier, receiver=receiver, hub=hub))
    _texts(alert, incidents=transition.alarm.id)
    for language in ("zh-CN", "en"):
        alert.append(_info(transition, language, receiver=receiver, made_us=made_us))
    indent(alert)
    body: bytes = tostring(alert, encoding="utf-8")
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + body + b"\n"


def identifier(hub: str, transition_id: str) -> str:
    """Return the identifier of the message about a transition; with sender and sent it is its identity."""
    return f"{hub}-{transition_id}"


def cap_time(t_us: int) -> str:
    """Return an instant as CAP writes it: whole seconds, and -00:00 for UTC."""
    return datetime.fromtimestamp(t_us // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%S-00:00")


def _info(transition: Transition, language: str, *, receiver: CapReceiver, made_us: int) -> Element:
    alarm, chinese = transition.alarm, language == "zh-CN"
    title = title_zh(alarm, receiver.titles) if chinese else alarm.title
    state = ("告警中" if alarm.open else "已解除") if chinese else ("open" if alarm.open else "over")
    info = Element("info")
    _texts(info, language=language, category=category(alarm), event=title, responseType=response(alarm))
    _texts(info, urgency=urgency(alarm), severity=SEVERITIES[alarm.severity], certainty=certainty(alarm))
    _texts(info, effective=cap_time(transition.t_us), onset=cap_time(alarm.t_fact_us))
    _texts(info, expires=cap_time(max(transition.t_us, made_us) + LASTS_S * 1_000_000))
    _texts(info, headline=f"{title}：{alarm.subject}（{state}）" if chinese else f"{title}: {alarm.subject} ({state})")
    _texts(info, description=_description(transition, chinese=chinese))
    for name, value in _parameters(transition):
        parameter = SubElement(info, "parameter")
        _texts(parameter, valueName=name, value=value)
    area = SubElement(info, "area")
    _texts(area, areaDesc=alarm.area)
    for at in sorted({key.at for key in alarm.signs if key.at is not None}):
        _texts(area, circle=f"{at[0]:.6f},{at[1]:.6f} {KEY_KM}")
    return info


def _description(transition: Transition, *, chinese: bool) -> str:
    alarm, since = transition.alarm, cap_time(transition.alarm.t_fact_us)
    if chinese:
        return f"级别：{SEVERITIES_ZH[alarm.severity]}；对象：{alarm.subject}；规则：{alarm.rule}；发生时间：{since}。"
    return f"Severity: {alarm.severity}; subject: {alarm.subject}; rule: {alarm.rule}; since {since}."


def _parameters(transition: Transition) -> Iterable[tuple[str, str]]:
    alarm: Alarm = transition.alarm
    yield "alarm", alarm.id
    yield "rule", alarm.rule
    yield "subject", alarm.subject
    if alarm.asset:
        yield "asset", alarm.asset
    if transition.detail:
        yield "detail", transition.detail
    for device, kept in alarm.evidence.items() if isinstance(alarm.evidence, dict) else ():
        yield "evidence", " ".join([device, *(f"{what}:{word}" for what, word in kept.items())])


def _references(earlier: tuple[Told, ...], *, receiver: CapReceiver, hub: str) -> str:
    told = earlier[-MAX_REFERENCES:]
    return " ".join(f"{receiver.sender},{identifier(hub, each.id)},{cap_time(each.t_us)}" for each in told)


def _texts(parent: Element, **texts: str) -> None:
    for name, text in texts.items():
        SubElement(parent, name).text = _NOT_XML.sub("\ufffd", text)
