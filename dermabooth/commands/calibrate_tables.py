"""A calibration record and a daily check as people and programs read them."""

from typing import Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from station.calibration import DailyCheck, NamedRecord


def as_json(kept: NamedRecord) -> dict[str, Any]:
    """What `--json` writes of a record."""
    return {"id": kept.id, "sha256": kept.sha256, "record": msgspec.to_builtins(kept.record)}


def show_record(kept: NamedRecord) -> None:
    """Its figures against their limits, as a table on standard error."""
    record = kept.record
    table = Table("", "figure", "value", "limit", title=kept.id, title_justify="left")
    for item in record.acceptance:
        name = item.name if "/" not in item.needed_for else f"{item.name}, {item.needed_for.split('/')[1]}"
        table.add_row(
            "pass" if item.passed else "FAIL", name, f"{item.value:.3g} {item.unit}", f"{item.limit:g}"
        )
    table.add_row("", "scale", f"{record.scale.px_per_mm:.3f} px/mm", "")
    if record.focus is not None:
        table.add_row("", "best focus (MTF50)", f"{record.focus.mtf50:.3f} cycles/px", "")
    if record.polarisation_gain is not None:
        table.add_row("", "gain, parallel over cross", f"{record.polarisation_gain:.3f}", "")
    for lamp in record.lamps:
        table.add_row("", f"output, {lamp.light}", f"{sum(lamp.level_per_s) / 3:.4g} /s", "")
    for one in record.irradiances:
        table.add_row("", f"irradiance, {one.light}", f"{one.w_m2:.4g} W/m² at {one.peak_nm:g} nm", one.meter)
    Console(stderr=True).print(table)


def show_check(found: DailyCheck) -> None:
    """Its figures, then and now, and the verdict, on standard error."""
    table = Table("", "figure", "then", "now", "drift", "warn / fail", title=found.calibration)
    for item in found.figures:
        then = "" if item.then is None else f"{item.then:.4g}"
        now = "" if item.then is None else f"{item.now:.4g}"
        limits = f"{item.warn:g} / {item.fail:g}"
        table.add_row(item.verdict, item.name, then, now, f"{item.drift:.2f} {item.unit}", limits)
    for light, reason in found.unread.items():
        table.add_row("fail", f"lamp/{light}", "", "", reason, "")
    Console(stderr=True).print(table)
    typer.echo(f"verdict: {found.verdict}", err=True)
