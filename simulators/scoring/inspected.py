"""What `hub why` must tell of a site's alarm that was inspected: its keys, who was told, who ended it and why."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from simulators.scoring.check import Check

Why = Mapping[str, Any]  # hub why ALARM --json
_TAKEN = {"delivered", "accepted"}  # states of a notice


def why_checks(answers: Sequence[Why], *, receivers: Sequence[str]) -> Iterator[Check]:
    """Yield whether each life alarm of a site has its whole story; ``receivers``: who must have been told."""
    told = [answer for answer in answers if answer["alarm"]["severity"] == "life"]
    yield Check("hub why: life alarms of sites", bool(told), str(len(told)))
    for answer in told:
        yield _check(answer, receivers)


def _check(answer: Why, receivers: Sequence[str]) -> Check:
    """The alarm stood until its inspection, and was told to everybody before and after it."""
    alarm, history = answer["alarm"], answer["history"]
    keys = sorted({key["key"] for key in alarm["keys"]})
    kinds = [each["kind"] for each in history]
    kinds = kinds[: kinds.index("closed") + 1] if "closed" in kinds else kinds  # who takes it later was too late
    ends = [each for each in history if each["kind"] in ("cleared", "closed")]
    heard = {(each["kind"], each["receiver"]) for each in answer["told"] if each["state"] in _TAKEN}
    wanted = [(kind, name) for kind in ("raised", "closed") for name in receivers]
    faults = [
        *(["fewer than two keys"] if len(keys) < 2 else []),
        *(f"not {kind}" for kind in ("raised", "acked", "arrived", "closed") if kind not in kinds),
        *(f"{each['kind']} because {each['because']}" for each in ends if each["because"] != "inspected"),
        *(f"{name} was not told that it was {kind}" for kind, name in wanted if (kind, name) not in heard),
    ]
    acts = ", ".join(f"{each['kind']} by {each['actor']}" for each in history if each["actor"])
    text = "; ".join(faults) or f"{', '.join(keys)}; {acts}; told {', '.join(receivers)}"
    return Check(f"hub why {alarm['id']}: {alarm['rule']}", not faults, text)
