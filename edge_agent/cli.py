"""The command ``edge-agent``: turns argv and signals into a config and an exit code."""

import asyncio
import logging
import signal
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from device_profiles.clock import Clock, clock_from_environment
from device_profiles.command import offer_version, run_command
from device_profiles.config import write_new
from device_profiles.errors import ConfigError
from device_profiles.log import log_to_stderr
from device_profiles.profile import load_profiles
from edge_agent import app as program
from edge_agent.config import LineConfig, LoadedConfig, load_config
from edge_agent.errors import AgentError
from edge_agent.example import EXAMPLE
from edge_agent.floors import read_floors
from edge_agent.infer.model import ModelRefused, load_model
from edge_agent.infer.motion import motion_or_none
from edge_agent.infer.trial import bench, names_in, skeleton
from edge_agent.replay import report, seen_report
from edge_agent.replay.recording import read_recording
from edge_agent.replay.replay import profile_of
from edge_agent.replay.replay import replay as judge_recording
from edge_agent.replay.seen import is_camera, limits_of, recorded_of, replay_pictures
from edge_agent.sources.budget import LIMIT_MS, check_line
from edge_agent.sources.camera.config import ZONE, CameraConfig
from edge_agent.vision.looker import MODEL, load_looker
from edge_agent.vision.road.view import NO_SCALE
from edge_agent.vision.road.watch import scaleless
from edge_agent.vision.zones import Zones

logger = logging.getLogger("edge_agent")
app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="The agent at a street node."
)
offer_version(app, "edge-agent")

models = typer.Typer(no_args_is_help=True, help="Models of models.toml, before an agent depends on them.")
app.add_typer(models, name="model")
ModelFile = Annotated[Path, typer.Argument(help="A models.toml, or the file of a model beside one.")]
Config = Annotated[Path, typer.Argument(envvar="CITYNERVE_AGENT_CONFIG", help="The agent's config file.")]
DEFAULT = Path("agent.toml")
BOX, CAMERA = "lift_retrofit_box", "street_camera"  # what a recording is of, unless somebody says so


@app.command()
def run(config: Config = DEFAULT) -> None:
    """Run the agent until SIGTERM or SIGINT."""
    log_to_stderr()
    loaded, clock = load_config(config), clock_from_environment()
    for number, line in enumerate(loaded.config.lines):
        try:
            check_line(line, loaded.profiles, file=loaded.file, key=f"lines[{number}]")
        except ConfigError as error:
            logger.warning("%s", error)  # a late alarm is better than none
    asyncio.run(_run(loaded, clock=clock))


@app.command()
def check(config: Config = DEFAULT) -> None:
    """Check the config, every profile it names, and that each line is fast enough for an alarm."""
    loaded = load_config(config)
    for number, line in enumerate(loaded.config.lines):
        budget = check_line(line, loaded.profiles, file=loaded.file, key=f"lines[{number}]")
        typer.echo(
            f"{line.label}: {len(line.slaves)} slaves at {line.baud} baud, an alarm input is seen within "
            f"{budget.healthy_ms:.0f} ms of {LIMIT_MS:.0f} ms ({budget.one_dead_ms:.0f} ms when a slave goes dead, "
            f"{budget.probing_ms:.0f} ms while it is)"
        )
        if _is_missing(line):
            typer.echo(f"{line.label}: {line.port} is not there now; `run` waits for it")
    for platform in loaded.config.platforms:
        warning = "; listens beyond this machine without a token_file" if platform.exposed else ""
        typer.echo(f"{platform.name}: {len(platform.devices)} devices in dialect {platform.dialect}{warning}")
    for number, one in enumerate(loaded.config.cameras):
        zones = loaded.zones.get(one.device)
        if zones:
            _check_model(zones, one, folder=loaded.folder, place=(loaded.file, f"cameras[{number}].model"))
        typer.echo(f"{one.device}: camera by {one.way(loaded.folder)}, {len(zones.zones) if zones else 0} zones")
        for name in scaleless(zones) if zones else ():
            typer.echo(f"{one.device}: the surface of zone {name!r} will be unknown: {NO_SCALE}", err=True)
    evidence = loaded.config.evidence
    if evidence.serves:
        warning = "; without TLS, whoever reads the line sees it" if evidence.exposed else ""
        typer.echo(f"evidence is handed out at {evidence.offered}{warning}")
    slaves = len(loaded.config.slaves)
    typer.echo(f"{config}: ok, {len(loaded.config.lines)} lines with {slaves} devices")


@app.command()
def init(config: Config = DEFAULT) -> None:
    """Write a commented example config."""
    if not write_new(config, EXAMPLE):
        raise AgentError(f"{config} is there already")
    typer.echo(f"{config} written")


@app.command()
def replay(
    recordings: Annotated[
        list[Path],
        typer.Argument(
            help="A box: CSV files (t_us,ax,ay,az in m/s², t_us,pressure_pa). A camera: FRAMES_DIR or VIDEO."
        ),
    ],
    profile: Annotated[
        str,
        typer.Option("--profile", help=f"Of the box or camera: {BOX}, with --zones {CAMERA}, if not given."),
    ] = "",
    profiles: Annotated[
        list[Path] | None, typer.Option("--profiles", help="Folder with profiles of your own, as in a config.")
    ] = None,
    zone_profile: Annotated[str, typer.Option("--zone-profile", help="Profile of the camera's zones.")] = ZONE,
    floors: Annotated[Path | None, typer.Option("--floors", help="Heights of the floors, TOML or CSV.")] = None,
    zones: Annotated[Path | None, typer.Option("--zones", help="Zones of the camera, JSON.")] = None,
    interval: Annotated[float, typer.Option("--interval", help="Seconds between two stills.")] = 0.2,
    model: Annotated[str, typer.Option("--model", help="Model of the camera's zones, in models.toml.")] = MODEL,
    models: Annotated[Path | None, typer.Option("--models", help="Folder with a models.toml of your own.")] = None,
    no_hysteresis: Annotated[bool, typer.Option("--no-hysteresis", help="Judge each picture alone.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")] = False,
) -> None:
    """Judge recordings: rides of a retrofit box, or what the zones of a camera showed."""
    known = load_profiles(profiles or ())
    chosen = profile_of(profile or (BOX if zones is None else CAMERA), known)
    heights = read_floors(floors) if floors else ()
    if is_camera(chosen) or zones is not None:
        recorded = recorded_of(chosen, recordings, zones=zones, interval_s=interval, hysteresis=not no_hysteresis)
        limits = limits_of(zone_profile, known)
        seen = replay_pictures(msgspec.structs.replace(recorded, model=model, models=models, limits=limits))
        kind = known[zone_profile]
        _print(seen.notes, [seen_report.as_json(seen, kind)] if as_json else seen_report.as_text(seen, kind))
        return
    story = judge_recording(read_recording(recordings), chosen, floors=heights, classify=motion_or_none())
    told = report.as_text(story, chosen, floors=heights)
    _print(story.notes, [report.as_json(story, chosen, floors=heights)] if as_json else told)


@models.command("verify")
def model_verify(file: ModelFile) -> None:
    """Check that models are what models.toml says: digest, input, output, golden samples."""
    for name, folder in names_in(file):
        model = load_model(name, folder=folder)
        typer.echo(f"{name}: ok, {model.entry.file} {model.sha256[:12]}…, {len(model.entry.golden)} golden samples")


@models.command("describe")
def model_describe(file: ModelFile) -> None:
    """Print the beginning of an entry for a model file that has none, with what can be read from it."""
    typer.echo(skeleton(file))


@models.command("bench")
def model_bench(file: ModelFile) -> None:
    """Measure how fast models are on this machine, with one thread and with all of the CPU set."""
    for name, folder in names_in(file):
        for speed in bench(name, folder, now_s=Clock.real_s):
            typer.echo(f"{name}: {speed}")


def main() -> None:
    """Run the command; a fault of config or usage is exit 2 and one line, any other of ours exit 1."""
    run_command(app, "edge-agent", failures=(AgentError,))


def _print(notes: Iterable[str], lines: Iterable[str]) -> None:
    for note in notes:
        typer.echo(_plain(f"edge-agent: {note}"), err=True)
    for line in lines:
        typer.echo(_plain(line))


def _plain(text: str) -> str:
    """Return it on one line, without what a terminal would obey: files may have any name."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text)


def _check_model(zones: Zones, camera: CameraConfig, *, folder: Path, place: tuple[str, str]) -> None:
    """Raise ConfigError with file and key when zones could not be judged by a camera's model."""
    try:
        load_looker(zones, model=camera.model, folder=camera.models_in(folder))
    except (ConfigError, ModelRefused) as error:
        raise ConfigError(f"its zones would be unknown: {error}", file=place[0], key=place[1]) from error


async def _run(loaded: LoadedConfig, *, clock: Clock) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await program.run(loaded, clock=clock, stop=stop)


def _is_missing(line: LineConfig) -> bool:
    return "://" not in line.port and not Path(line.port).exists()
