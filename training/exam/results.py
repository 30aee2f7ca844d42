"""Results on disk: one JSON file of all exams, and the tables in the models' cards."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from training.exam.goals import REAL_GOALS, goal
from training.exam.report import Figure, Report, Size, plain
from training.exam.served import ServedModel
from training.exam.tables import TextTable, markdown, tables

BEGIN, END = "<!-- exam: written by `dermabooth models evaluate` -->", "<!-- /exam -->"
Real = Mapping[str, float]
"""Aggregates of real pictures by name."""


def as_json(name: str, report: Report, repository: Path, size: Size) -> dict[str, Any]:
    """`metrics`, `baseline` and `by_ita` by set and measure, with goals, and what was measured where and when."""
    return {
        "metrics": {of: _figures(name, of, figures) for of, figures in report.metrics.items()},
        "baseline": {of: _plainly(figures) for of, figures in report.baseline.items()},
        "by_ita": {
            of: {m: _plainly(each) for m, each in found.items()} for of, found in report.by_ita.items()
        },
        "notes": report.notes,
        "sha256": ServedModel.of(repository, name).sha256,
        "size": size,
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
    }


def machine() -> str:
    """The processor in words."""
    model = platform.processor() or platform.machine()
    lines = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    for line in lines.splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return f"{model}, {os.cpu_count()} cores, one thread used"


def _figures(name: str, of: str, figures: Mapping[str, Figure]) -> dict[str, Any]:
    told = {}
    for measure, figure in figures.items():
        told[measure] = figure.as_json()
        if (wanted := goal(name, of, measure)) is not None:
            told[measure] |= {"goal": str(wanted), "met": wanted.met(figure)}
    return told


def _plainly(figures: Mapping[str, Figure]) -> dict[str, Any]:
    return {measure: figure.as_json() for measure, figure in figures.items()}


def earlier(path: Path) -> dict[str, Any]:
    """What the file of an earlier exam holds; nothing where there is no file. ValueError names one that is none."""
    if not path.exists():
        return {}
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} holds no results of an exam ({error}): move it aside") from error


def merge(path: Path, models: Mapping[str, Any], real: Real | None) -> None:
    """Put these models' results, and those of real pictures, into the file; what it has of others stays.

    ValueError as `earlier` raises it.
    """
    former = earlier(path)
    whole = {
        "models": {**former.get("models", {}), **models},
        "real": dict(real) if real is not None else former.get("real", {}),
    }
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", "utf-8")
    partial.replace(path)


def real_table(real: Real) -> TextTable:
    """Aggregates of real pictures with their goals."""
    rows = []
    for name, value in real.items():
        wanted = REAL_GOALS.get(name)
        said = "" if wanted is None else f"{wanted} {'met' if wanted.met(plain(value, 0)) else '**not met**'}"
        rows.append((name.replace("_", " "), f"{value:.3f}", said))
    return TextTable("Real pictures (aggregates only)", ("measure", "value", "goal"), tuple(rows))


def card(repository: Path, name: str) -> tuple[Path, str, str]:
    """A model's card, with its text before and after the tables; ValueError without card or markers."""
    path = repository / name / "MODEL_CARD.md"
    if not path.is_file():
        raise ValueError(f"{path}: there is no card; copy one of triton_models/, or leave out --cards")
    text = path.read_text("utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise ValueError(f"{path}: the markers {BEGIN} and {END} are not there once each")
    before, rest = text.split(BEGIN)
    return path, before, rest.split(END)[1]


def write_card(repository: Path, name: str, report: Report, real: Real | None = None) -> Path:
    """Rewrite the tables between the markers of a model's card; ValueError without card or markers."""
    path, before, after = card(repository, name)
    found = tables(name, report) + ([real_table(real)] if real else [])
    taken = (
        f"Measured {datetime.now(UTC).date().isoformat()} on {machine()}; weights {_hash(repository, name)}."
    )
    parts = [BEGIN, taken, *(f"**{note}**" for note in report.notes), markdown(found), END]
    path.write_text(before + "\n\n".join(parts) + after, "utf-8")
    return path


def write_cards(repository: Path, reports: Mapping[str, Report], real: Real | None) -> list[Path]:
    """The cards of these models; real pictures are told in the segmenter's."""
    return [
        write_card(repository, name, report, real if name == "skin_segmenter" else None)
        for name, report in reports.items()
    ]


def _hash(repository: Path, name: str) -> str:
    return ServedModel.of(repository, name).sha256[:12]
