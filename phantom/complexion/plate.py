"""A head with everything about it that no skin state changes, in the frame of a normalised face; traced once, kept."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from phantom.atlas import build_atlas
from phantom.camera import develop
from phantom.casting import BaseGrid
from phantom.fields import Field, f32, smoothstep
from phantom.hair import Hair
from phantom.identity import Identity, Pose
from phantom.layers import Layer, cavity_openness, skin_layer
from phantom.lesions import Pores, allowed, wrinkle_depth
from phantom.relief import Asymmetry, relief_table
from phantom.scene import PART, Geometry
from phantom.spectral import skin_table
from phantom.surface import FACE, Surface
from phantom.trace import trace
from phantom.view import View, rotation

SIDE = 224
PX_PER_MM = 1.3
EYE_ROW, MIDLINE_COLUMN = 85.0, 112.0
"""where the point between the eyes lies in the picture; pixel centres are at halves"""
People = Literal["train", "check", "test"]
HEADS: dict[People, int] = {"train": 200, "check": 24, "test": 96}
"""identities for training, for looks on the way and for exams; no two share one"""
VERSION = 1
"""part of the cache's name; raise it when plates change"""
_FIRST_SEED: dict[People, int] = {"train": 1_000_000, "test": 2_000_000, "check": 3_000_000}
_CLEAN: dict[str, object] = {
    "moles": 0, "freckles": 0.0, "age_spots": 0, "papules": 0, "pustules": 0, "open_comedones": 0, "closed_comedones": 0,
    "telangiectasias": 0, "melasma": 0.0, "sun_damage": 0.0, "glasses": False,
}  # fmt: skip
_TRACED = (264, 296)
_COVER, _LOG, _OIL, _LIGHT = 160.0, 60.0, 120.0, 255.0


@dataclass(frozen=True)
class Plate:
    """One head, (224, 224) at 1.3 px/mm, packed small; `Head` is what is painted."""

    x: NDArray[np.float16]
    y: NDArray[np.float16]
    normal: NDArray[np.int8]
    openness: NDArray[np.uint8]
    """(H, W, 2): ambient openness and visibility of the lamps"""
    cover: NDArray[np.uint8]
    """(H, W, 3): radiance for each unit of skin albedo; of irradiance too where `relit`"""
    rest: NDArray[np.uint8]
    """(H, W, 3) sRGB of what is no skin, under the booth's lamps"""
    log_melanin: NDArray[np.int8]
    log_blood: NDArray[np.int8]
    oil: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    coverage: NDArray[np.uint8]
    site: NDArray[np.bool_]
    """bare facial skin that can carry a lesion"""
    about: NDArray[np.float64]
    """seed, yaw, pitch, 1 where male, width of the face in px"""


def person(people: People, index: int) -> tuple[Identity, Pose]:
    """The clean-skinned identity `index` of one side, spectacles taken off, and how it holds its head."""
    seed = _FIRST_SEED[people] + index % HEADS[people]
    rng = np.random.default_rng([seed, 51])
    pose = Pose(rng.uniform(-9, 9), rng.uniform(-6, 6), rng.uniform(-2, 2))
    return Identity.sample(seed).with_(**_CLEAN), pose


def make_plate(who: Identity, pose: Pose) -> Plate:
    """Trace one head (about half a second)."""
    view = View.booth(*_TRACED, pose, PX_PER_MM)
    geometry = trace(who, *_TRACED, pose, px_per_mm=PX_PER_MM, neutral_tab=False)
    rows, cols = _frame(view)
    warp = Asymmetry.of(who)
    surface = Surface(who, relief_table(who, warp, wrinkle_depth(who, FACE, warp)[0]))
    layer = skin_layer(BaseGrid.of(view), surface, Hair(who, surface))
    if layer is None:
        raise ValueError("no head in the picture")
    return _packed(who, pose, _cropped(geometry, rows, cols), layer, surface, (rows, cols))


def _frame(view: View) -> tuple[slice, slice]:
    """The rows and columns that put the point between the eyes in its place."""
    origin = np.zeros((1, 1), np.float32)
    col, row, _ = view.project(rotation(view.pose), origin, origin, origin)
    top, left = round(float(row[0, 0]) - EYE_ROW), round(float(col[0, 0]) - MIDLINE_COLUMN)
    return slice(top, top + SIDE), slice(left, left + SIDE)


def _cropped(geometry: Geometry, rows: slice, cols: slice) -> dict[str, NDArray[np.generic]]:
    return {
        f.name: getattr(geometry, f.name)[rows, cols]
        for f in fields(Geometry)
        if isinstance(getattr(geometry, f.name), np.ndarray)
    }


def _packed(
    who: Identity,
    pose: Pose,
    seen: dict[str, NDArray[np.generic]],
    layer: Layer,
    surface: Surface,
    window: tuple[slice, slice],
) -> Plate:
    place, facing, light = (
        layer.enlarge(table, *window) for table in (layer.place, layer.facing, layer.light)
    )
    x, y = np.ascontiguousarray(place[..., 0]), np.ascontiguousarray(place[..., 1])
    labels = np.asarray(seen["labels"], np.uint8)
    log_melanin, log_blood, cover, rest = _parted(who, seen, labels, light)
    oil, site = _skin_state(who, x, y, labels)
    opened = _openness(surface, x, y, place[..., 2], facing[..., 3])
    return Plate(
        x.astype(np.float16), y.astype(np.float16),
        np.rint(127 * facing[..., :3]).astype(np.int8), _bytes(opened, _LIGHT),
        _bytes(cover, _COVER), _srgb(f32(rest)), _signed(log_melanin), _signed(log_blood), _bytes(oil, _OIL),
        labels, _bytes(f32(seen["coverage"]), _LIGHT), site,
        np.array([who.seed, pose.yaw, pose.pitch, float(who.male), _face_width(labels)]),
    )  # fmt: skip


def _parted(
    who: Identity, seen: dict[str, NDArray[np.generic]], labels: NDArray[np.uint8], light: Field
) -> tuple[Field, Field, Field, Field]:
    """Log gains of melanin and blood, radiance for each unit of skin albedo, and radiance of what is no skin."""
    relit = np.isin(labels, (PART["skin"], PART["lips"]))
    skin = f32(seen["melanin"]) > 0
    log_melanin = np.where(skin, np.log(np.maximum(f32(seen["melanin"]), 1e-4) / who.melanin), 0)
    log_blood = np.where(skin, np.log(np.maximum(f32(seen["blood"]), 1e-5) / who.blood), 0)
    albedo = skin_table().colour(f32(log_melanin + np.log(who.melanin)), f32(log_blood + np.log(who.blood)))
    unit = np.where(relit[..., None], np.maximum(light[..., :3], 0.02), 1)
    cover = np.where(skin[..., None], f32(seen["diffuse"]) / (albedo * unit), 0)
    rest = np.where(skin[..., None], 0, f32(seen["diffuse"]) + f32(seen["specular"])[..., None])
    return log_melanin, log_blood, cover, rest


def _openness(surface: Surface, x: Field, y: Field, z: Field, visible: Field) -> Field:
    front = smoothstep(-78, -38, z)
    sky = 1 - (1 - FACE.sample(cavity_openness(surface.relief), x, y)) * front
    return f32(np.dstack([sky, visible]))


def _bytes(values: Field, scale: float) -> NDArray[np.uint8]:
    return np.asarray(np.clip(np.rint(values * scale), 0, 255), np.uint8)


def _srgb(linear: Field) -> NDArray[np.uint8]:
    return develop(np.rint(4095 * np.clip(linear, 0, 1)).astype(np.uint16), 0, 4095)


def _signed(values: Field) -> NDArray[np.int8]:
    return np.asarray(np.clip(np.rint(values * _LOG), -127, 127), np.int8)


def _skin_state(
    who: Identity, x: Field, y: Field, labels: NDArray[np.uint8]
) -> tuple[Field, NDArray[np.bool_]]:
    warp = Asymmetry.of(who)
    none = np.zeros((0, 1), np.float32)
    atlas = build_atlas(who, warp, [], Pores(none, none, none, none), PX_PER_MM)
    oil = atlas.grid.sample(atlas.pigment, x, y)[..., 3]
    bare = (labels == PART["skin"]) & allowed(who, warp.frame(who, x, y))
    site = cv2.erode(bare.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    return f32(oil), np.asarray(site)


def _face_width(labels: NDArray[np.uint8]) -> float:
    """The widest row of bare face from the eyes to the mouth, px."""
    rows = np.isin(labels[int(EYE_ROW) : int(EYE_ROW + 60 * PX_PER_MM)], (PART["skin"], PART["lips"]))
    spans = [float(np.ptp(np.flatnonzero(row))) + 1 for row in rows if row.any()]
    return max(spans, default=float(SIDE))


def cache_folder() -> Path:
    """Where plates are kept: `$DERMABOOTH_CACHE` or the user's cache folder, under `complexion-v…`."""
    base = os.environ.get("DERMABOOTH_CACHE")
    root = (
        Path(base) if base else Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "dermabooth"
    )
    return root / f"complexion-v{VERSION}"


def prepare(people: People, progress: Callable[[float], None] | None = None) -> None:
    """Trace every head of one side into the cache folder (most of a second each); `progress` hears 0..1."""
    for index in range(HEADS[people]):
        plate(people, index)
        if progress is not None:
            progress((index + 1) / HEADS[people])


@cache
def plate(people: People, index: int) -> Plate:
    """Head `index` of one side, from this process's memory, the cache folder, or traced and kept there."""
    path = cache_folder() / f"{people}-{index % HEADS[people]}.npz"
    found = _load(path) if path.exists() else None
    if found is None:
        found = make_plate(*person(people, index))
        _save(path, found)
    return found


def _save(path: Path, made: Plate) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(dir=path.parent, suffix=".partial")
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez_compressed(file, **{f.name: getattr(made, f.name) for f in fields(Plate)})
        Path(partial).replace(path)
    finally:
        Path(partial).unlink(missing_ok=True)


def _load(path: Path) -> Plate | None:
    try:
        with np.load(path, allow_pickle=False) as stored:
            return Plate(**{f.name: stored[f.name] for f in fields(Plate)})
    except (OSError, ValueError, KeyError, EOFError):
        return None


@dataclass(frozen=True)
class Head:
    """A plate unpacked to what painting needs; float32, (224, 224)."""

    normal: tuple[Field, Field, Field]
    ambient: Field
    visible: Field
    cover: Field
    rest: Field
    log_melanin: Field
    log_blood: Field
    oil: Field
    relit: NDArray[np.bool_]


def unpack(made: Plate) -> Head:
    """A plate in full precision."""
    n = f32(made.normal) * np.float32(1 / 127)
    opened = f32(made.openness) * np.float32(1 / _LIGHT)
    return Head(
        (np.ascontiguousarray(n[..., 0]), np.ascontiguousarray(n[..., 1]), np.ascontiguousarray(n[..., 2])),
        np.ascontiguousarray(opened[..., 0]), np.ascontiguousarray(opened[..., 1]),
        f32(made.cover) * np.float32(1 / _COVER), decoded(made.rest),
        f32(made.log_melanin) * np.float32(1 / _LOG), f32(made.log_blood) * np.float32(1 / _LOG),
        f32(made.oil) * np.float32(1 / _OIL), np.isin(made.labels, (PART["skin"], PART["lips"])),
    )  # fmt: skip


@cache
def _decoding() -> Field:
    code = np.arange(256) / 255
    return f32(np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4))


def decoded(picture: NDArray[np.uint8]) -> Field:
    """Linear light of an sRGB picture."""
    return _decoding()[picture]
