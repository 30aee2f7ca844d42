"""`dermabooth repeatability`: how well every measure repeats itself from capture to capture."""

import asyncio
import contextlib
import json
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from dermabooth import resources
from dermabooth.commands.calibrate_shots import is_simulated
from dermabooth.commands.repeatability_heads import Seating, booth_seatings, phantom_seatings
from dermabooth.commands.repeatability_table import (
    MeasureKey,
    Report,
    Value,
    as_json,
    bland_altman_plot,
    read_values,
    report,
    write_values,
)
from dermabooth.counted import counted
from dermabooth.json_file import write_json
from dermabooth.settings import with_triton_environment
from server.config import ServerConfig, read_profile
from server.inference import TritonClient, triton_address
from server.pipeline import Examiner
from station.calibration import Estimate
from station.config import StationConfig
from station.errors import ConfigError
from station.protocol import Frame, Light, Measure

SHOWN = 24


def repeatability(
    out: Annotated[Path, typer.Option(help="Folder for values.csv, repeatability.json and the plots.")],
    csv: Annotated[
        Path | None, typer.Option(help="Values that were measured: columns head, capture, measure, value.")
    ] = None,
    phantom: Annotated[
        bool, typer.Option("--phantom", help="Heads of the phantom in place of people.")
    ] = False,
    heads: Annotated[int, typer.Option(min=2, max=200, help="Heads to capture.")] = 10,
    captures: Annotated[int, typer.Option(min=2, max=20, help="Captures of each head.")] = 3,
    seed: Annotated[int, typer.Option(min=0, help="First of the phantom's heads.")] = 1,
    config: Annotated[Path | None, typer.Option(help="TOML file of the booth.")] = None,
    triton: Annotated[str, typer.Option(help="Use the Triton at this gRPC address.")] = "",
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Also write the report here; - for the screen.")
    ] = None,
) -> None:
    """Capture heads again and again, and report CV, ICC(A,1), SEM, smallest detectable change and Bland-Altman plots.

    Everybody gets up between captures. Stop the booth's station first; --csv only calculates.

    Example: dermabooth repeatability --config booth.toml --heads 10 --captures 3 --out study
    """
    console = Console(stderr=True)
    if csv is not None:
        values = read_values(csv)
    else:
        seatings = _seatings(config, heads, captures, first=seed if phantom else None)
        out.mkdir(parents=True, exist_ok=True)
        values = asyncio.run(_measure_all(seatings, heads * captures, out, triton, console))
    told = report(values)
    if not told.found:
        reasons = sorted(set(told.left_out.values())) or ["there are no values"]
        raise ConfigError(f"nothing to report: {'; '.join(reasons)}")
    _write(out, values, told)
    write_json(json_file, as_json(told))
    _show(told, console)
    console.print(f"{counted(len(told.found), 'measure')} in {out}", highlight=False, markup=False)


def _seatings(
    config: Path | None, heads: int, captures: int, *, first: int | None
) -> AsyncGenerator[Seating, None]:
    """Captures of the phantom's heads from the `first` on, or of people; raises `ConfigError` for a simulated booth."""
    settings = StationConfig.load(config or resources.configs() / "station" / "sim.toml")
    if first is not None:
        return phantom_seatings(heads, captures, settings.load_calibration(), first)
    if is_simulated(settings):
        raise ConfigError(
            "the simulated booth seats one head only: use --phantom, or --config of a real booth"
        )
    return booth_seatings(settings, heads, captures, _ask)


async def _measure_all(
    seatings: AsyncGenerator[Seating, None], total: int, out: Path, triton: str, console: Console
) -> list[Value]:
    """Every capture is on disk before the next head is seated; --csv goes on from there."""
    values: list[Value] = []
    async with _open_examiner(triton) as examiner, contextlib.aclosing(seatings) as seated:
        count = 0
        async for seating in seated:
            values += await measure_seating(examiner, seating)
            write_values(values, out / "values.csv")
            count += 1
            console.print(f"{count} of {counted(total, 'capture')} measured", highlight=False)
    return values


async def measure_seating(examiner: Examiner, seating: Seating) -> list[Value]:
    """The values of every picture of one capture."""
    cross = seating.frames.get(Light.CROSS_POLARISED)
    values = []
    for light, frame in seating.frames.items():
        twin = cross if light is Light.PARALLEL_POLARISED else None
        for measure in await _measure(examiner, frame, twin):
            key = MeasureKey(str(light), measure.region, measure.name, measure.unit)
            values.append(Value(seating.head, seating.capture, key, measure.value))
    return values


async def _measure(examiner: Examiner, frame: Frame, cross: Frame | None) -> tuple[Measure, ...]:
    srgb = await examiner.develop(frame)
    face = await examiner.find_face(srgb)
    layers = await examiner.map_layers(frame, srgb, face)
    return (await examiner.measure(layers, frame, srgb, face, cross=cross)).measures


@contextlib.asynccontextmanager
async def _open_examiner(triton: str) -> AsyncIterator[Examiner]:
    settings = ServerConfig.load(
        triton={"mode": "external", "url": triton} if triton else {"url": "127.0.0.1:0"}
    )
    quality = read_profile(resources.configs() / "quality" / "off.toml")
    with tempfile.TemporaryDirectory(prefix="dermabooth-") as folder:
        address = triton_address(
            (settings if triton else with_triton_environment(settings)).triton,
            resources.triton_models(),
            Path(folder),
        )
        async with address as url, TritonClient(url) as client:
            examiner = Examiner(client, quality)
            try:
                yield examiner
            finally:
                examiner.close()


def _ask(what: str) -> None:
    typer.prompt(f"{what} Press Enter", default="", show_default=False, err=True)


def _write(out: Path, values: list[Value], told: Report) -> None:
    out.mkdir(parents=True, exist_ok=True)
    write_values(values, out / "values.csv")
    (out / "repeatability.json").write_text(json.dumps(as_json(told), indent=2) + "\n", "utf-8")
    for key, one in told.found.items():
        (out / f"{key.file_name}.svg").write_text(bland_altman_plot(key, one.bland_altman), "utf-8")


def _show(told: Report, console: Console) -> None:
    """The whole face first."""
    table = Table("measure", "unit", "mean", "CV %", "ICC(A,1)", "SEM", "smallest change")
    whole = sorted(told.found.items(), key=lambda item: item[0].region not in {"", "face"})
    for key, one in whole[:SHOWN]:
        table.add_row(
            key.words,
            key.unit,
            f"{one.mean:.3g}",
            _words(one.cv_percent),
            _words(one.icc),
            f"{one.sem.value:.3g}",
            f"{one.smallest_change.value:.3g}",
        )
    console.print(table)
    if len(told.found) > SHOWN:
        console.print(f"and {len(told.found) - SHOWN} more in the files", highlight=False)


def _words(estimate: Estimate | None) -> str:
    return "" if estimate is None else f"{estimate.value:.3g} ({estimate.low:.2g} to {estimate.high:.2g})"
