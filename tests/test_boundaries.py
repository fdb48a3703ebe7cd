"""Imports point one way (DESIGN.md, invariant 12), and what must be pure is."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROGRAMS = ("edge_agent", "hub", "simulators")
ALLOWED = {"device_profiles": {"device_profiles"}, **{name: {"device_profiles", name} for name in PROGRAMS}}
OURS = set(ALLOWED)


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""


@pytest.mark.parametrize("package", ALLOWED)
def test_invariant_12_imports_point_one_way(package: str) -> None:
    """A package imports itself and the contract, and nothing else of ours."""
    files = list((ROOT / package).rglob("*.py"))
    assert files
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files
        for name in _imports(path)
        if name.split(".")[0] in OURS - ALLOWED[package]
    ]
    assert wrong == []


def _room(module: str, package: str) -> str:
    """Return which room beside the others of ``package`` a module stands in: a folder of it, or itself."""
    return module.removeprefix(f"{package}.").split(".")[0]


@pytest.mark.parametrize("package", ["simulators", "simulators.camera"])
def test_rooms_import_downwards(package: str) -> None:
    """What stands for a thing knows nothing of the play, the stage or the score that use it: no circle of rooms."""
    folder, below = ROOT / package.replace(".", "/"), dict[str, set[str]]()
    for path in folder.rglob("*.py"):
        room = _room(".".join(path.relative_to(ROOT).with_suffix("").parts), package)
        names = {_room(name, package) for name in _imports(path) if name.startswith(f"{package}.")}
        below.setdefault(room, set()).update(names - {room})
    left = dict(below)
    while found := [room for room, names in left.items() if not names & left.keys()]:
        left = {room: names for room, names in left.items() if room not in found}
    assert len(below) > 8
    assert left == {}


@pytest.mark.parametrize("package", PROGRAMS)
def test_except_exception_stands_once_a_program(package: str) -> None:
    """The per-message guard is the only place that catches everything."""
    guards = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in (ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ExceptHandler) and _catches_all(node.type)
    ]
    assert len(guards) <= 1, guards


def _catches_all(kind: ast.expr | None) -> bool:
    names = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return any(
        name is None or (isinstance(name, ast.Name) and name.id in ("Exception", "BaseException")) for name in names
    )


def test_pure_modules_read_no_clock_and_no_random() -> None:
    """Deciding is pure: time, randomness and ids are arguments (STYLE.md, 10)."""
    pure = [
        *(ROOT / "edge_agent" / "judge").rglob("*.py"),
        ROOT / "hub" / "alarms" / "engine.py",
        ROOT / "hub" / "ledger" / "ranges.py",
        ROOT / "hub" / "ledger" / "ledger.py",
        ROOT / "hub" / "twins" / "state.py",
    ]
    forbidden = {"time", "random", "datetime", "uuid", "secrets", "os", "threading", "asyncio"}
    wrong = [
        f"{path.name} imports {name}" for path in pure for name in _imports(path) if name.split(".")[0] in forbidden
    ]
    assert wrong == []
