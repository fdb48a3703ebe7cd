"""The lines of a run: what one device said at many instants is encoded in one call, when it is plain numbers."""

import re
from operator import attrgetter

import msgspec

from hub.archive.blocks import Run
from hub.archive.influx.rows import head_of, key_of, pack_of, said_of

_MOST_SHAPES = 10_000

_PLAIN = re.compile(r"[A-Za-z0-9_./-]+").fullmatch
_encode = msgspec.json.Encoder().encode
_AS_LINE = bytes.maketrans(b":", b"=")  # numbers and plain names in JSON as they stand in a line, without the quotes
_session = attrgetter("agent", "epoch", "lane", "historical")
_plain: dict[tuple[str, ...], bool] = {}  # names → whether they stand in a line as they do in JSON


def lines_of(run: Run) -> list[str]:
    """Return a line for each block. Raises LineError."""
    head = head_of(*run.device)
    said, blocks = _floats(run) or [said_of(values) for values in run.values], run.blocks
    sessions = list(map(_session, blocks))
    if sessions.count(sessions[0]) < len(sessions):
        return [f"{head} {text}{pack_of(b)}{b.seq}i {b.t_us}" for text, b in zip(said, blocks, strict=True)]
    pack = pack_of(blocks[0])  # of one session and one lane, as nearly always
    return [f"{head} {text}{pack}{block.seq}i {block.t_us}" for text, block in zip(said, blocks, strict=True)]


def _floats(run: Run) -> list[str]:
    """Return what each block says, when all of it is floats: JSON says them as a line does, and is made in C."""
    if not (run.floats and _is_plain(run.names)):
        return []
    text = _encode(run.values)
    if b"null" in text:  # a float that is no number
        return []
    return text[2:-2].translate(_AS_LINE, b'"').decode().split("},{")


def _is_plain(names: tuple[str, ...]) -> bool:
    plain = _plain.get(names)
    if plain is None:
        if len(_plain) >= _MOST_SHAPES:
            _plain.clear()
        plain = _plain[names] = all(_PLAIN(name) and name == key_of(name, 0.0) for name in names)
    return plain
