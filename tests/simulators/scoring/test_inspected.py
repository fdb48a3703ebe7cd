"""The verdict on a site's alarm that was inspected can say no."""

from typing import Any

import pytest

from simulators.scoring.inspected import why_checks

HISTORY = [("raised", "", None), ("acked", "Li Wei", "taken"), ("arrived", "Chen Jie", None)]
CLOSED = ("closed", "Chen Jie", "inspected")


def answer(**changed: Any) -> dict[str, Any]:
    """Return what ``hub why`` says of a collapse, changed in some parts."""
    keys = changed.get("keys", ("ground", "person"))
    history = changed.get("history", [*HISTORY, CLOSED])
    told = changed.get("told", [("duty", "raised", "delivered"), ("duty", "closed", "accepted")])
    return {
        "alarm": {
            "id": "a1",
            "rule": "road.collapse",
            "severity": changed.get("severity", "life"),
            "keys": [{"key": key} for key in keys],
        },
        "history": [{"kind": kind, "actor": actor, "because": because} for kind, actor, because in history],
        "told": [{"receiver": name, "kind": kind, "state": state} for name, kind, state in told],
    }


def test_a_whole_story_is_good_and_names_who_acted() -> None:
    """Keys, who took and closed it, who was told."""
    first, story = why_checks([answer()], receivers=["duty"])
    assert first.good
    assert story.good
    assert story.found == "ground, person; acked by Li Wei, arrived by Chen Jie, closed by Chen Jie; told duty"


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"keys": ("ground",)}, "fewer than two keys"),
        ({"history": [HISTORY[0], CLOSED]}, "not acked; not arrived"),
        ({"history": HISTORY}, "not closed"),
        ({"history": [HISTORY[0], HISTORY[2], CLOSED, HISTORY[1]]}, "not acked"),
        ({"history": [*HISTORY, ("closed", "Li Wei", "false_call")]}, "closed because false_call"),
        ({"history": [*HISTORY, ("cleared", "", None), CLOSED]}, "cleared because None"),
        ({"told": [("duty", "raised", "delivered")]}, "duty was not told that it was closed"),
        (
            {"told": [("duty", "raised", "queued"), ("duty", "closed", "accepted")]},
            "duty was not told that it was raised",
        ),
    ],
)
def test_what_lacks_is_named(changed: dict[str, Any], found: str) -> None:
    """One key, nobody who took it, an end without an inspection, somebody who was not told."""
    _, story = why_checks([answer(**changed)], receivers=["duty"])
    assert (story.good, story.found) == (False, found)


def test_no_life_alarm_at_all_is_not_good() -> None:
    """A case is none."""
    (first,) = why_checks([answer(severity="major")], receivers=["duty"])
    assert not first.good
