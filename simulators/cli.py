"""The command `simulate`: scenarios, the demo and the crash test."""

import asyncio
import json
import shutil
import signal
import sys
import textwrap
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from rich.console import Console

from device_profiles.clock import MAX_SPEED
from device_profiles.command import offer_version
from device_profiles.errors import ContractError
from device_profiles.profile import load_profiles
from simulators.play.loading import load_scenarios
from simulators.play.scenario import Scenario
from simulators.run.run import RunOptions, run
from simulators.scoring.report import write_score
from simulators.scoring.sabotage import Sabotage
from simulators.stage.process import ProgramDied
from simulators.stage.stage import StageOptions

_ENDLESS = 10_000  # characters of a line that goes to no terminal
GOOD, BAD, USAGE = 0, 1, 2  # exit codes
T = TypeVar("T")

app = typer.Typer(
    help="Play a city in front of a real agent, hub and broker, and score what they do.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
offer_version(app, "simulate")
Embedded = Annotated[bool, typer.Option("--embedded", help="Use the embedded broker even when Mosquitto is there.")]


@app.command("list")
def list_scenarios() -> None:
    """List the scenarios: name, then title."""
    scenarios = _scenarios()
    width = max(map(len, scenarios), default=0)
    columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else _ENDLESS
    for name, scenario in scenarios.items():
        line = f"{name:<{width}}  {scenario.title}{' (long)' if scenario.long else ''}"
        typer.echo("\n".join(textwrap.wrap(line, max(columns, width + 30), subsequent_indent=" " * (width + 2))))


@app.command("run")
def run_scenario(
    name: Annotated[str, typer.Argument(help="A scenario's name, as `simulate list` shows it.")],
    as_json: Annotated[bool, typer.Option("--json", help="Write the score as JSON.")] = False,
    seed: Annotated[int | None, typer.Option(min=0, help="Another day: the scenario's own seed if not given.")] = None,
    speed: Annotated[float | None, typer.Option(help="City seconds in a real one, at most 10.")] = None,
    broker: Annotated[str, typer.Option(metavar="URL", help="A broker that runs already, mqtt://host:port.")] = "",
    keep: Annotated[Path | None, typer.Option(metavar="DIR", help="Keep logs, journal and configs there.")] = None,
    sabotage: Annotated[Sabotage | None, typer.Option(help="Let the run go wrong: the score must notice.")] = None,
    reasons: Annotated[Path | None, typer.Option(metavar="FILE", help="Ask why, and write the reasons there.")] = None,
    embedded: Embedded = False,
) -> None:
    """Play one scenario on real processes; exit 0 only if its score is good."""
    scenario = _scenario(name)
    stage = StageOptions(broker_url=broker, embedded=embedded)
    options = RunOptions(seed=seed, speed=_speed(speed), keep=keep, sabotage=sabotage, reasons=reasons, stage=stage)
    result = _play(run(scenario, options))
    if as_json:
        typer.echo(json.dumps(result.document(), ensure_ascii=False))
    else:
        write_score(Console(), result)
    raise typer.Exit(GOOD if result.good else BAD)


@app.command("demo")
def run_demo(
    embedded: Embedded = False,
    picture: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw what is told there too, as SVG.")] = None,
) -> None:
    """Tell two stories, of an entrapment in a lift and of a road that collapses, in under two minutes."""
    from simulators.demo.demo import demo
    from simulators.demo.picture import new_sheet, save_sheet

    sheet = new_sheet() if picture is not None else None
    good = all(tale.good for tale in _play(demo(Console(), embedded=embedded, sheet=sheet)))
    if picture is not None and sheet is not None and good:
        save_sheet(sheet, picture)
    raise typer.Exit(GOOD if good else BAD)


@app.command("crash")
def run_crash(
    rounds: Annotated[int, typer.Option(min=1, max=1000, help="How often to kill and restart.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Write the result as JSON.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="Of the random moments.")] = 1,
    keep: Annotated[Path | None, typer.Option(metavar="DIR", help="Keep logs, journal and configs there.")] = None,
) -> None:
    """Kill agent, hub, broker and InfluxDB while facts flow; exit 0 only if nothing is lost or doubled, also there."""
    from simulators.trials.crash import crash, write_result

    result = _play(crash(rounds, seed=seed, keep=keep))
    if as_json:
        typer.echo(json.dumps(result.document()))
    else:
        write_result(Console(), result)
    raise typer.Exit(GOOD if result.good else BAD)


@app.command("camera")
def run_camera(
    place: Annotated[str, typer.Argument(help="car-park, kerb, hospital or road.")] = "kerb",
    seed: Annotated[int, typer.Option(min=0, help="Another place and other vehicles.")] = 1,
    sky: Annotated[
        str, typer.Option(help="clear, overcast, rain, fog, snow, night, rainy-night, or an hour of it all.")
    ] = "clear",
    fps: Annotated[float, typer.Option(min=0.2, max=30, help="Pictures in a second.")] = 5.0,
    rtsp_port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free one.")] = 0,
    http_port: Annotated[int, typer.Option(min=0, max=65535, help="Of MJPEG; 0: any free one.")] = 0,
    photographs: Annotated[
        Path | None, typer.Option(metavar="DIR", help="A real car park: pictures with an XML each, as PKLot has them.")
    ] = None,
    zones: Annotated[Path | None, typer.Option(metavar="FILE", help="Write its zones there.")] = None,
) -> None:
    """Serve one camera that is not there until Ctrl-C; what befalls it is typed: blur, well, hole, puddle and more."""
    import msgspec

    from simulators.camera.alone import Offer, serve_alone
    from simulators.camera.spec import CameraSpec

    try:
        told = {"device": "camera", "place": place, "sky": sky, "fps": fps, "berths": 16 if place == "car-park" else 5}
        told |= {"photographs": photographs is not None, "folder": str(photographs or "")}
        spec = msgspec.convert(told, CameraSpec)
    except msgspec.ValidationError as error:
        _refuse(str(error))
    offer = Offer(spec, seed, rtsp_port, http_port, photographs, zones)
    _play(serve_alone(offer, typer.echo, hear=sys.stdin.fileno()))


@app.command("line")
def run_line(
    kind: Annotated[str, typer.Argument(help="A kind of device that speaks Modbus, such as lift_terminal.")],
    profiles: Annotated[
        list[Path] | None, typer.Option("--profiles", help="Folder with profiles of your own, as in a config.")
    ] = None,
    unit: Annotated[int, typer.Option(min=1, max=247, help="Its Modbus address.")] = 1,
    baud: Annotated[int, typer.Option(min=300, max=4_000_000, help="How fast the line is.")] = 19_200,
    link: Annotated[Path | None, typer.Option(metavar="FILE", help="Make a serial port (pty) under this name.")] = None,
    tcp_port: Annotated[int, typer.Option(min=0, max=65535, help="Without --link; 0: any free one.")] = 0,
) -> None:
    """Serve one Modbus device that is not there until Ctrl-C; what it measures is typed: NAME=VALUE, silent, well."""
    from simulators.modbus.alone import Offer, serve_alone
    from simulators.modbus.timing import LineTiming

    try:
        known = load_profiles(profiles or ())
    except ContractError as error:
        _refuse(str(error))
    if kind not in known:
        _refuse(f"unknown profile {kind!r}; known: {', '.join(sorted(known))}")
    offer = Offer(known[kind].spec, unit, LineTiming(baud), link, tcp_port)
    _play(serve_alone(offer, typer.echo, hear=sys.stdin.fileno()))


@app.command("soak")
def run_soak(
    minutes: Annotated[float, typer.Option(min=0.1, max=100_000, help="How long everything falters.")] = 10.0,
    as_json: Annotated[bool, typer.Option("--json", help="Write the result as JSON.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="Of what falters when.")] = 1,
    keep: Annotated[Path | None, typer.Option(metavar="DIR", help="Keep logs, journal and configs there.")] = None,
) -> None:
    """Let network, broker and processes falter for long; exit 0 only if nothing is lost, doubled or growing."""
    from simulators.trials.soak import soak, write_result

    result = _play(soak(minutes, seed=seed, keep=keep))
    if as_json:
        typer.echo(json.dumps(result.document()))
    else:
        write_result(Console(), result)
    raise typer.Exit(GOOD if result.good else BAD)


def main() -> None:
    """Run the command line."""
    app()


def _play(story: Coroutine[Any, Any, T]) -> T:
    """Run ``story``; SIGTERM ends it as Ctrl-C does, with every program stopped. Errors become an exit code."""
    try:
        return asyncio.run(_until_told(story))
    except (ValueError, ContractError) as error:
        _refuse(str(error))
    except ProgramDied as error:
        typer.echo(f"simulate: {error}\n{error.log}", err=True)
    except (KeyboardInterrupt, asyncio.CancelledError):
        typer.echo("simulate: interrupted", err=True)
    raise typer.Exit(BAD)


async def _until_told(story: Coroutine[Any, Any, T]) -> T:
    task = asyncio.ensure_future(story)
    for number in (signal.SIGTERM, signal.SIGHUP):  # SIGHUP: its terminal was closed
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    return await task


def _scenarios() -> dict[str, Scenario]:
    try:
        return load_scenarios()
    except ContractError as error:
        _refuse(str(error))


def _scenario(name: str) -> Scenario:
    scenarios = _scenarios()
    if name not in scenarios:
        _refuse(f"no scenario {name!r}; there are: {', '.join(scenarios)}")
    return scenarios[name]


def _speed(speed: float | None) -> float | None:
    if speed is not None and not 0 < speed <= MAX_SPEED:
        _refuse(f"--speed {speed:g} is not above 0 and at most {MAX_SPEED:g}: a serial line cannot keep up beyond")
    return speed


def _refuse(message: str) -> NoReturn:
    typer.echo(f"simulate: {message}", err=True)
    sys.exit(USAGE)
