"""Ask the hub, by its commands, why each alarm of a run was and why no other, and which reasons the run has reached."""

import json
from pathlib import Path
from typing import Any

import msgspec

from simulators.responders.desk import Desk
from simulators.scoring.check import Check
from simulators.stage.stage import Stage

_ALARMS = 40  # of which it is asked; a storm has more


class Explained(msgspec.Struct, frozen=True):
    """Which names `hub reasons` counts a run has reached, and what `hub why` could not answer."""

    reached: list[dict[str, Any]]  # of, name, count
    checks: list[Check]


async def explain(stage: Stage) -> Explained:
    """Ask for every alarm and every device; all rules of a device have an answer, also those that never fired.

    Of a hub that has stopped: while it runs, devices of which the play has ended fall silent.
    """
    config = str(stage.hub_config)
    async with Desk(stage.environment()) as desk:
        reached = await desk.run("reasons", config, "--json")
        listed = await desk.run("alarm", "list", config, "--json")
        ids = [alarm["id"] for alarm in json.loads(listed.output)][:_ALARMS]
        told = {id: await desk.run("why", id, config, "--json") for id in ids}
        scenario = stage.play.scenario
        devices = [lift.device for lift in scenario.lifts] + [camera.device for camera in scenario.cameras]
        subjects = [scenario.subject(device) for device in devices]
        stand = {subject: await desk.run("why", subject, config, "--json") for subject in subjects}
    dumb = [id for id, answer in told.items() if answer.code or not json.loads(answer.output)["history"]]
    dumb += [subject for subject, answer in stand.items() if answer.code or not _reasoned(json.loads(answer.output))]
    name = f"hub why: {len(told)} alarms, {len(stand)} devices"
    found = [Check(name, not dumb and not reached.code, ", ".join(dumb) or "each has its reasons")]
    return Explained(json.loads(reached.output) if not reached.code else [], found)


def write_reached(path: Path, reached: list[dict[str, Any]], *, scenario: str, seed: int) -> None:
    """Write what was reached as a JSON document, for `make scenarios` to put together."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"scenario": scenario, "seed": seed, "reached": reached}) + "\n", encoding="utf-8")


def _reasoned(answers: list[dict[str, Any]]) -> bool:
    return bool(answers) and all(answer["standing"] and answer["detail"] for answer in answers)
