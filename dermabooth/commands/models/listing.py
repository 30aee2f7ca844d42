"""`dermabooth models list`."""

import re
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from dermabooth import resources
from server.inference import model_infos
from training.recipes import NAMES

SYSTEMS = {
    "skin_segmenter": "Facial acne classification (Quattrini 2022), mask",
    "acne_classifier": "Facial acne classification (Quattrini 2022)",
    "skin_items": "Skin diagnosis (AMOREPACIFIC)",
    "skin_conditions": "Digital dermatology platform (Datamind, A*STAR)",
    "acne_severity": "Severity with heat map (patent family 74116962)",
    "acne_severity_fast": "Severity with heat map (patent family 74116962)",
}
"""The published system that a trained model stands for."""
_WIDE = 400


def list_models(
    repository: Annotated[
        Path | None, typer.Option(help="Model repository; the shipped one without it.")
    ] = None,
) -> None:
    """Print the models with their source, size, version, weight hash and card.

    Example: dermabooth models list
    """
    folder = repository or resources.triton_models()
    table = Table("model", "system", "weights", "MB", "version", Column("SHA-256", overflow="fold"), "card")
    for info in model_infos(folder):
        model = folder / info.name
        table.add_row(
            info.name,
            SYSTEMS.get(info.name, "dermabooth"),
            _weights(model),
            f"{_size(model / str(info.version)) / 1e6:.2f}",
            str(info.version),
            info.sha256,
            _card(model),
        )
    for name in (name for name in NAMES if not (folder / name / "config.pbtxt").exists()):
        table.add_row(name, SYSTEMS[name], f"not made: dermabooth models train {name}", "", "", "", "")
    # A pipe has no width: hashes and paths stay whole there.
    Console(width=None if sys.stdout.isatty() else _WIDE).print(table)


def _weights(model: Path) -> str:
    if model.name in SYSTEMS:
        return "trained"
    ensemble = re.search(rb'platform:\s*"ensemble"', (model / "config.pbtxt").read_bytes())
    return "ensemble" if ensemble else "none to train"


def _size(version: Path) -> int:
    return sum(path.stat().st_size for path in version.glob("model.*"))


def _card(model: Path) -> str:
    card = model / "MODEL_CARD.md"
    return str(card) if card.exists() else "missing"
