"""Whether the hub's archive holds exactly what its journal says, asked of the hub once all facts are archived."""

import asyncio
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import msgspec

from simulators.stage.process import ProgramDied
from simulators.stage.stage import Stage, until

DRAIN_S = 120.0  # real; from the last fact to its place in the archive, on a busy machine
_ASK_S = 0.5  # real; between two questions
_LAST_FACT = "SELECT coalesce(max(offset), 0) FROM records WHERE kind = 'pack'"


class ArchiveProof(msgspec.Struct, frozen=True):
    """What `hub ledger --archive --values` says in the end."""

    kind: str  # influx or embedded
    exact: bool  # the last fact is archived, and each hour of each device has its points, with their values
    points: int  # in the archive
    expected: int  # by the journal
    superseded: int  # points of two packs for one field and time, of which one stayed
    refused: int  # points that the database did not take
    different: int  # hours of devices


class _Status(msgspec.Struct, frozen=True):
    """What `hub archive status` says, as far as it matters here."""

    offset: int  # the archive's place in the journal


class _Proof(msgspec.Struct, frozen=True):
    """What `hub ledger --archive --values` says, as far as it matters here."""

    equal: bool
    values: bool  # whether they were compared too
    offset: int
    journal: int
    archive: int
    superseded: int
    refused: int
    different: int


async def drain(stage: Stage) -> None:
    """Stop the agents and wait until the journal has their packs, and the archive what the journal has."""
    await asyncio.gather(*(agent.stop() for agent in stage.agents.values()))
    await until(stage.is_drained, DRAIN_S)
    last = last_fact(stage.journal)
    loop = asyncio.get_running_loop()
    end_s = loop.time() + DRAIN_S
    while await _place(stage) < last and loop.time() < end_s:  # noqa: ASYNC110 - the hub tells nobody how far it is
        await asyncio.sleep(_ASK_S)


async def prove(stage: Stage) -> ArchiveProof:
    """Return whether the archive is exact; the hub may have ended. Raises ProgramDied when it cannot be asked."""
    code, output = await _ask(stage, "ledger", "--archive", "--values", "--json")
    proof = msgspec.json.decode(output, type=_Proof)
    return ArchiveProof(
        kind="influx" if stage.influx is not None else "embedded",
        exact=code == 0
        and proof.equal
        and proof.values
        and proof.archive > 0
        and proof.offset >= last_fact(stage.journal),
        points=proof.archive,
        expected=proof.journal,
        superseded=proof.superseded,
        refused=proof.refused,
        different=proof.different,
    )


def last_fact(journal: Path) -> int:
    """Return the offset of the last record with facts in it."""
    with closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as connection:
        return int(connection.execute(_LAST_FACT).fetchone()[0])


async def _place(stage: Stage) -> int:
    """Return the archive's place in the journal; that of one that is away is what was remembered of it."""
    _, output = await _ask(stage, "archive", "status", "--json")
    return msgspec.json.decode(output, type=_Status).offset


async def _ask(stage: Stage, *words: str) -> tuple[int, bytes]:
    """Return exit code, 0 or 1, and output of a hub command. Raises ProgramDied."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hub", *words, str(stage.hub_config)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=stage.environment(),
    )
    output, errors = await process.communicate()
    code = process.returncode
    if code not in (0, 1) or not output:  # 1 with a document: it found something
        raise ProgramDied(f"hub {' '.join(words)}", code=code, log=errors.decode())
    return code, output
