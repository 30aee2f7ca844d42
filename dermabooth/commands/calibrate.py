"""`dermabooth calibrate`: what colour, millimetres and lamps of a booth rest on."""

import asyncio
import getpass
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from PIL import Image

from dermabooth import __version__, resources
from dermabooth.commands.calibrate_plot import drift_plot
from dermabooth.commands.calibrate_shots import history_path, is_simulated, rig_name, shoot_session
from dermabooth.commands.calibrate_tables import as_json, show_check, show_record
from dermabooth.json_file import write_json
from station.calibration import (
    ChartLayout,
    IrradianceRecord,
    append_history,
    check_session,
    classic_sheet,
    draw_pdf,
    draw_picture,
    load_record,
    make_record,
    printed_sheet,
    read_history,
    read_session,
    save_record,
)
from station.config import StationConfig
from station.errors import BadPicture, ConfigError
from station.protocol import Light, Verdict

app = typer.Typer(help="Chart sheet, calibration record and daily check of a booth.", no_args_is_help=True)

MOST_DPI = 1200

ConfigOption = Annotated[
    Path | None, typer.Option(help="TOML file of the booth; the simulated one without it.")
]
DataOption = Annotated[Path | None, typer.Option(help="The booth's data folder.")]
LayoutOption = Annotated[
    str,
    typer.Option(help="classic: a 24-patch chart mounted on the sheet; printed: the sheet's own patches."),
]
PitchOption = Annotated[
    float, typer.Option(help="From patch to patch on the classic chart, mm, centre to centre.")
]
ReferenceOption = Annotated[
    Path | None,
    typer.Option(help="JSON file with the printed patches' measured CIELAB D50: {name: [L, a, b]}."),
]
ByOption = Annotated[str, typer.Option(help="Who does it; the user's login name without it.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not wait: everything stands where it should.")]
DistanceOption = Annotated[float, typer.Option(help="From the camera to the face, mm.")]
JsonOption = Annotated[Path | None, typer.Option("--json", help="Write the result here; - for the screen.")]


@app.command()
def chart(
    file: Annotated[Path, typer.Argument(help="PDF or PNG to write.")],
    layout: LayoutOption = "classic",
    pitch: PitchOption = 24.0,
    dpi: Annotated[int, typer.Option(help="Dots per inch of a PNG; a PDF is exact at any.")] = 600,
    json_file: JsonOption = None,
) -> None:
    """Write the chart sheet, A4: print it at 100 % on matte paper, and check its scale with a ruler.

    Example: dermabooth calibrate chart sheet.pdf --layout classic --pitch 24
    """
    sheet = _layout(layout, pitch, None)
    if file.suffix.lower() == ".pdf":
        file.write_bytes(draw_pdf(sheet))
    elif file.suffix.lower() == ".png":
        if not 72 <= dpi <= MOST_DPI:
            raise ConfigError(f"--dpi {dpi}: give 72 to {MOST_DPI}")
        Image.fromarray(draw_picture(sheet, dpi)).save(file, dpi=(dpi, dpi))
    else:
        raise ConfigError(f"{file.name}: name a .pdf or a .png")
    write_json(json_file, {"file": str(file), "layout": sheet.name, "colours": sheet.source})
    typer.echo(f"{file}: print it at 100 % on matte paper; its scale must measure 100 mm", err=True)


@app.command()
def make(
    config: ConfigOption = None,
    data: DataOption = None,
    folder: Annotated[
        Path | None, typer.Option(help="Folder for the record; the configured one without it.")
    ] = None,
    layout: LayoutOption = "classic",
    pitch: PitchOption = 24.0,
    reference: ReferenceOption = None,
    card: Annotated[
        bool, typer.Option(help="Also photograph a white card, for the evenness of the light.")
    ] = True,
    focus_steps: Annotated[
        int, typer.Option(help="Positions of a focus series; 0: none.", min=0, max=50)
    ] = 0,
    distance: DistanceOption = 1000.0,
    uv_irradiance: Annotated[
        float | None,
        typer.Option(
            help="What a meter at the face's place reads of the ultraviolet lamp at full power, W/m2."
        ),
    ] = None,
    uv_peak: Annotated[float, typer.Option(help="Wavelength of that lamp's peak, nm.")] = 365.0,
    uv_meter: Annotated[
        str, typer.Option(help="The meter, its serial number and the day it was calibrated.")
    ] = "",
    by: ByOption = "",
    yes: YesOption = False,
    json_file: JsonOption = None,
) -> None:
    """Photograph the chart with the booth and write its calibration record. Stop the booth's station first.

    A record whose figures are over their limits is written too; what they are needed for is then refused. Without
    --uv-irradiance ultraviolet light is refused, unless an earlier record that still holds has one.

    Example: dermabooth calibrate make --config booth.toml --by "A. Keller" --focus-steps 7
    """
    settings = _settings(config, data)
    sheet = _layout(layout, pitch, reference)
    irradiances = _irradiances(uv_irradiance, uv_peak, uv_meter)
    ask = _ask(yes or is_simulated(settings))
    session = asyncio.run(
        shoot_session(settings, sheet, ask, card=card, focus_steps=focus_steps, distance_mm=distance)
    )
    record = make_record(
        session,
        read_session(session),
        rig=rig_name(settings),
        made_at=time.time(),
        made_by=by or getpass.getuser(),
        software=f"dermabooth {__version__}",
        irradiances=irradiances,
    )
    kept, path = save_record(record, folder or settings.calibration_folder)
    write_json(json_file, as_json(kept))
    show_record(kept)
    typer.echo(f"{path}", err=True)
    if not all(item.passed for item in record.acceptance):
        sys.exit(1)


@app.command()
def check(
    config: ConfigOption = None,
    data: DataOption = None,
    layout: LayoutOption = "classic",
    pitch: PitchOption = 24.0,
    reference: ReferenceOption = None,
    by: ByOption = "",
    yes: YesOption = False,
    json_file: JsonOption = None,
) -> None:
    """Photograph the chart and hold it against the calibration record; the status is 1 where the check fails.

    Every check is added to calibration/history.jsonl in the booth's data, and calibration/drift.svg shows them all.

    Example: dermabooth calibrate check --config booth.toml --yes --json -
    """
    settings = _settings(config, data)
    sheet = _layout(layout, pitch, reference)
    calibration = settings.load_calibration()
    ask = _ask(yes or is_simulated(settings))
    session = asyncio.run(shoot_session(settings, sheet, ask, card=False, distance_mm=1000.0))
    found = check_session(calibration, session, checked_at=time.time(), made_by=by or getpass.getuser())
    history = history_path(settings)
    append_history(found, history)
    plot = history.with_name("drift.svg")
    plot.write_text(drift_plot(read_history(history)), "utf-8")
    write_json(json_file, msgspec.to_builtins(found))
    show_check(found)
    typer.echo(f"{plot}", err=True)
    if found.verdict is Verdict.FAIL:
        sys.exit(1)


@app.command()
def show(
    config: ConfigOption = None,
    data: DataOption = None,
    file: Annotated[Path | None, typer.Option(help="Show the record in this file.")] = None,
    json_file: JsonOption = None,
) -> None:
    """Show the booth's newest record, or the one in a file.

    Example: dermabooth calibrate show --config booth.toml
    """
    if file is not None:
        kept = load_record(file)
    else:
        calibration = _settings(config, data).load_calibration()
        if not calibration.records:
            problem = calibration.problem or "this booth has no calibration record"
            raise ConfigError(f"{problem}: run `dermabooth calibrate make`")
        kept = calibration.records[0]
    write_json(json_file, as_json(kept))
    show_record(kept)


def _settings(config: Path | None, data: Path | None) -> StationConfig:
    overrides: dict[str, Any] = {} if data is None else {"data": data}
    return StationConfig.load(config or resources.configs() / "station" / "sim.toml", overrides)


def _layout(name: str, pitch: float, reference: Path | None) -> ChartLayout:
    try:
        if name == "classic":
            return classic_sheet(pitch)
        if name == "printed":
            return printed_sheet(None if reference is None else _measured(reference))
    except ValueError as error:
        raise ConfigError(str(error)) from error
    raise ConfigError(f"--layout {name}: known are classic and printed")


def _irradiances(w_m2: float | None, peak_nm: float, meter: str) -> tuple[IrradianceRecord, ...]:
    if w_m2 is None:
        return ()
    told = {"light": Light.UV, "w_m2": w_m2, "peak_nm": peak_nm, "meter": meter}
    try:
        return (msgspec.convert(told, IrradianceRecord),)
    except msgspec.ValidationError as error:
        raise ConfigError(
            f"the irradiance of the ultraviolet lamp: {error}; give --uv-irradiance, --uv-peak and --uv-meter"
        ) from error


def _measured(path: Path) -> dict[str, tuple[float, float, float]]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, tuple[float, float, float]])
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path.name} is not UTF-8 text: save it as UTF-8") from error
    except msgspec.MsgspecError as error:
        raise ConfigError(f"{path.name}: {error}; give {{name: [L, a, b]}} of all 24 patches") from error


def _ask(ready: bool) -> Any:
    def ask(what: str) -> None:
        if ready:
            return
        if not sys.stdin.isatty():
            raise BadPicture(f"{what} Then call this with --yes, or from a terminal.")
        typer.prompt(f"{what} Press Enter", default="", show_default=False, err=True)

    return ask
