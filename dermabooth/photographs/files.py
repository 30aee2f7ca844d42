"""The files that are written about one photograph, each whole or not at all."""

from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path

from pydicom.dataset import Dataset

from server.dicom import encoded
from server.durable import partial_file
from server.overlay import render
from server.pipeline import Layers, Srgb, encode_layer, encode_png
from station.protocol import Layer

OVERLAY_OPACITY = 0.55

Picture = Callable[[], None]
"""Encodes and writes one."""


def pictures(srgb: Srgb, seen: Layers, folder: Path) -> deque[Picture]:
    """The photograph with its layers drawn over it, and each layer alone."""
    return deque([partial(_write_overlay, folder, srgb, seen), *layer_pictures(seen, folder)])


def layer_pictures(layers: Layers, folder: Path) -> list[Picture]:
    """Each layer alone, `layers/NAME.png`."""
    return [partial(_write_layer, folder, layer, found.pixels) for layer, found in layers.items()]


def _write_layer(folder: Path, layer: Layer, pixels: Srgb) -> None:
    write(folder / "layers" / f"{layer.value}.png", encode_layer(layer, pixels))


def _write_overlay(folder: Path, srgb: Srgb, layers: Layers) -> None:
    shown = (Layer.SKIN, Layer.REDNESS, Layer.REFLECTION)
    picture = render(
        srgb, {layer: layers[layer].pixels for layer in shown}, shown=shown, opacity=OVERLAY_OPACITY
    )
    write(folder / "overlay.png", encode_png(picture))


def write_object(path: Path, dataset: Dataset) -> None:
    """A DICOM object as a Part 10 file."""
    write(path, encoded(dataset))


def write(path: Path, data: bytes | memoryview) -> None:
    """Whole or not at all, but not waiting for the disk: results can be made again of their photograph."""
    with partial_file(path) as partial:
        partial.write_bytes(data)
        partial.replace(path)


def make_folders(folder: Path) -> None:
    """The folder of the results, and in it that of the layers."""
    (folder / "layers").mkdir(parents=True, exist_ok=True)
