"""What CAP calls what we have: category, urgency, severity and certainty of an alarm, and its words in Chinese."""

from hub.alarms.transitions import Alarm, Reason

SEVERITIES = {"life": "Extreme", "critical": "Severe", "major": "Moderate", "minor": "Minor", "info": "Unknown"}
URGENCIES = {"life": "Immediate", "critical": "Immediate", "major": "Expected", "minor": "Future", "info": "Unknown"}
SEVERITIES_ZH = {"life": "人身安全", "critical": "紧急", "major": "重要", "minor": "一般", "info": "提示"}
CATEGORIES = {
    "lift": "Rescue",
    "fire": "Fire",
    "kitchen": "Fire",
    "road": "Infra",
    "parking": "Transport",
}
_GUESSED = frozenset({Reason.EVENT_MISSING, Reason.SILENCE, Reason.EVENT_LATE, Reason.ONE_KEY})  # or old, or one sign

TITLES_ZH = {
    "agent.epoch_back": "采集终端时序回退：疑似克隆卡或旧备份",
    "agent.offline": "采集终端离线",
    "agent.two_sessions": "采集终端身份重复：疑似克隆卡",
    "box.unwatched": "加装盒数据不可信：电梯处于无人监测状态",
    "camera.black": "摄像机画面全黑",
    "camera.covered": "摄像机被遮挡",
    "camera.defocused": "摄像机失焦",
    "camera.frozen": "摄像机画面冻结",
    "camera.moved": "摄像机角度偏移",
    "camera.size": "摄像机画面尺寸变化",
    "camera.stalled": "摄像机无画面",
    "device.silent": "设备无数据",
    "lift.entrapment": "电梯困人",
    "lift.entrapment_possible": "电梯停运，轿厢内是否有人不明：请用摄像机查看",
    "lift.out_of_order": "电梯停于非平层位置，轿厢内无人",
    "lift.test_call_missing": "电梯报警装置三天未自检",
    "person.report": "群众上报",
    "receiver.dead": "告警接收方失联",
    "road.collapse": "道路塌陷",
    "road.inspection": "道路疑似塌陷：单一迹象，请现场查看",
}


def title_zh(alarm: Alarm, titles: dict[str, str]) -> str:
    """Return the title of an alarm in Chinese; a rule without one keeps its own, so that nothing is left unsaid."""
    return titles.get(alarm.rule) or TITLES_ZH.get(alarm.rule) or f"{SEVERITIES_ZH[alarm.severity]}告警：{alarm.title}"


def category(alarm: Alarm) -> str:
    """Return the CAP category, by the first word of the rule's name; what threatens a life is for rescuers."""
    found = CATEGORIES.get(alarm.rule.partition(".")[0])
    return found or ("Rescue" if alarm.severity == "life" else "Infra")


def urgency(alarm: Alarm) -> str:
    """Return the CAP urgency; what is over is past."""
    return URGENCIES[alarm.severity] if alarm.open else "Past"


def certainty(alarm: Alarm) -> str:
    """Return the CAP certainty: observed when values or events said so, and less while the device is silent."""
    if alarm.reason in _GUESSED:
        return "Possible"
    return "Likely" if alarm.stale else "Observed"


def response(alarm: Alarm) -> str:
    """Return the CAP response type."""
    if not alarm.open:
        return "AllClear"
    return "Execute" if alarm.severity in ("life", "critical") else "Assess"
