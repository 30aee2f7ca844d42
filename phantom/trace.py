"""From a person, a size and a pose to light-independent geometry: cast, light, then paint in row tiles."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from phantom.atlas import build_atlas
from phantom.casting import BaseGrid
from phantom.eyes import brow_patch, eye_patch
from phantom.fields import Field, f32
from phantom.flyaways import lay_strands, loose_strands
from phantom.glasses import draw_glasses, temple_arms
from phantom.hair import Hair
from phantom.identity import Identity, Pose
from phantom.landmarks import LANDMARKS, landmark_points, skin_depth
from phantom.layers import Layer, body_layer, ear_layer, hair_layer, skin_layer
from phantom.lesions import Lesion, sample_lesions, sample_pores, wrinkle_depth
from phantom.mouth import mouth_patch
from phantom.outfit import body_patch, ear_patch, hair_patch
from phantom.patches import Patch, Tile, compose
from phantom.relief import Asymmetry, relief_table
from phantom.scene import NEUTRAL_TAB_REFLECTANCE, PART, Box, Geometry
from phantom.skin import FacePaint, skin_patch
from phantom.strands import StrandCanvas, beard_strands, scalp_strands
from phantom.surface import FACE, Surface
from phantom.view import View, rotation

_TILE_PIXELS = 350_000
_SAME_POINT_MM = 3.0
_LOCKS_OF_BEARD = ("full", "goatee", "moustache")
_LAYERS_SHARE = 0.5
"""share of the time that the layers take; the tiles take the rest"""
_Appearance = Callable[[slice, slice], Patch]


def trace(
    identity: Identity,
    width: int,
    height: int,
    pose: Pose | None = None,
    *,
    px_per_mm: float | None = None,
    neutral_tab: bool = True,
    progress: Callable[[float], None] | None = None,
) -> Geometry:
    """Cast a picture of `width` x `height`: the expensive part, shared by all lights.

    The face is framed as in a booth portrait unless `px_per_mm` sets the scale. The result is a function of the
    arguments alone; `progress` hears 0..1. Raises ValueError for a picture smaller than 64 pixels a side.
    """
    if min(width, height) < 64:
        raise ValueError(f"a picture of {width} x {height} is too small: at least 64 x 64")
    view = View.booth(width, height, pose or Pose(), px_per_mm)
    return Tracer(identity, view).run(progress, neutral_tab=neutral_tab)


@dataclass(frozen=True)
class _Painted:
    layer: Layer
    appearance: _Appearance


class Tracer:
    """One person before one view; `run` it once."""

    def __init__(self, person: Identity, view: View) -> None:
        self.person, self.view = person, view
        self.grid = BaseGrid.of(view)
        self.warp = Asymmetry.of(person)
        wrinkles, self.wrinkle_count = wrinkle_depth(person, FACE, self.warp)
        self.surface = Surface(person, relief_table(person, self.warp, wrinkles))
        self.hair = Hair(person, self.surface)
        self.lesions = sample_lesions(person, self.warp)
        self.pores = sample_pores(person, self.warp)
        self.skin: Layer | None = None
        self.loose: StrandCanvas | None = None

    def run(self, progress: Callable[[float], None] | None = None, *, neutral_tab: bool) -> Geometry:
        """Cast, light and paint; `progress` hears 0..1."""
        progress = progress or (lambda share: None)
        painted = self._painted(lambda share: progress(_LAYERS_SHARE * share))
        geometry, arms = self._blank(neutral_tab), self._arms(painted)
        for rows in self._tiles():
            cols = slice(0, self.view.width)
            patches = [patch for item in painted if (patch := _within(item, rows)) is not None]
            tile = compose(rows, cols, patches)
            if self.loose is not None:
                lay_strands(self.person, tile, self.loose, rows, cols)
            if arms is not None:
                draw_glasses(self.person, self.view, tile, arms, rows, cols)
            _store(geometry, tile, rows)
            progress(_LAYERS_SHARE + (1 - _LAYERS_SHARE) * rows.stop / self.view.height)
        if geometry.neutral_tab is not None:
            _mount_tab(geometry, geometry.neutral_tab)
        geometry.truth.update(self._counts(geometry))
        return geometry

    def _painted(self, progress: Callable[[float], None]) -> list[_Painted]:
        p, turn = self.person, rotation(self.view.pose)
        painted: list[_Painted] = []
        progress(0.0)
        body = body_layer(self.grid, self.surface, self.hair)
        progress(0.25)
        ear, skin = ear_layer(self.grid, self.surface), skin_layer(self.grid, self.surface, self.hair)
        progress(0.5)
        hair = hair_layer(self.grid, self.hair, skin)
        self.skin = skin
        progress(0.65)
        if body is not None:
            painted.append(_Painted(body, lambda rows, cols: body_patch(p, body, rows, cols)))
        if ear is not None:
            painted.append(_Painted(ear, lambda rows, cols: ear_patch(p, ear, rows, cols)))
        if skin is not None:
            paint = self._face_paint(skin)
            progress(0.9)
            painted.append(_Painted(skin, lambda rows, cols: skin_patch(paint, skin, rows, cols)))
        if hair is not None:
            line, free = f32(hair.extra[..., 0]), f32(self.surface.head(*hair.hit.point) > 3)
            hairy = f32(np.maximum(line > -1.5, free))
            strands = scalp_strands(
                self.hair, self.grid, turn, hair.hit, f32(np.maximum(line, 20 * free)), hairy
            )
            self.loose = loose_strands(self.hair, self.grid, turn, hair.hit, line)
            painted.append(_Painted(hair, lambda rows, cols: hair_patch(p, hair, strands, rows, cols)))
        return painted

    def _arms(self, painted: list[_Painted]) -> NDArray[np.uint8] | None:
        """Temple arms of the spectacles, None for who wears none."""
        if not self.person.glasses:
            return None
        return temple_arms(self.person, self.grid, [item.layer.hit for item in painted])

    def _face_paint(self, skin: Layer) -> FacePaint:
        p, scale = self.person, self.view.px_per_mm
        atlas = build_atlas(p, self.warp, self.lesions, self.pores, scale)
        beard: StrandCanvas | None = None
        if p.beard in _LOCKS_OF_BEARD:
            x, y, z = skin.hit.point
            density = f32(atlas.grid.sample(atlas.beard, x, y) * (z > -92))
            beard = beard_strands(self.hair, self.grid, rotation(self.view.pose), skin.hit, density)
        eyes, brows = eye_patch(p, self.view.pose, scale), brow_patch(p, scale)
        return FacePaint(p, self.warp, atlas, eyes, brows, mouth_patch(p, scale), beard)

    def _tiles(self) -> Iterator[slice]:
        step = max(16, _TILE_PIXELS // self.view.width)
        for start in range(0, self.view.height, step):
            yield slice(start, min(start + step, self.view.height))

    def _blank(self, neutral_tab: bool) -> Geometry:
        shape = (self.view.height, self.view.width)
        p = self.person
        truth = {
            "ita": p.ita,
            "melanin": p.melanin,
            "blood": p.blood,
            "px_per_mm": self.view.px_per_mm,
            "age": p.age,
        }
        colour, half, byte = (*shape, 3), np.float16, np.uint8
        tab = _tab_box(self.view) if neutral_tab else None
        return Geometry(
            diffuse=np.zeros(colour, half),
            specular=np.zeros(shape, half),
            coverage=np.zeros(shape, half),
            labels=np.zeros(shape, byte),
            mask_bits=np.zeros(shape, np.uint16),
            melanin=np.zeros(shape, half),
            blood=np.zeros(shape, half),
            veil=np.zeros(shape, byte),
            glow=np.zeros((*shape, 2), byte),
            box=self.view.face_box,
            neutral_tab=tab,
            truth=truth,
        )

    def _counts(self, geometry: Geometry) -> dict[str, float]:
        spots = [lesion for lesion in self.lesions if lesion.kind in ("lentigo", "mole")]
        single = (
            "papule",
            "pustule",
            "open_comedo",
            "closed_comedo",
            "telangiectasia",
            "freckle",
            "sun_spot",
        )
        groups = {"spot_count": spots} | {f"{kind}_count": self._of(kind) for kind in single}
        counts = {
            name: float(self._visible(geometry, *_centres(group)).sum()) for name, group in groups.items()
        }
        pores = self._visible(geometry, self.pores.x, self.pores.y)
        filled = pores & (self.pores.porphyrin > 0)
        return counts | {
            "pore_count": float(pores.sum()),
            "porphyrin_count": float(filled.sum()),
            "wrinkle_count": float(self.wrinkle_count),
        }

    def _of(self, kind: str) -> list[Lesion]:
        return [lesion for lesion in self.lesions if lesion.kind == kind]

    def _visible(self, geometry: Geometry, x: Field, y: Field) -> NDArray[np.bool_]:
        """Which face positions are seen as skin in the picture."""
        if x.size == 0 or self.skin is None:
            return np.zeros(x.size, bool)
        x2, y2 = f32(x)[:, None], f32(y)[:, None]
        col, row, open_ = self._sighted(np.hstack([x2, y2, skin_depth(self.surface, x2, y2)]))
        c, r = np.round(col).astype(int), np.round(row).astype(int)
        label = geometry.labels[np.clip(r, 0, self.view.height - 1), np.clip(c, 0, self.view.width - 1)]
        return np.asarray(open_ & (label == PART["skin"]))

    def _sighted(self, points: Field) -> tuple[Field, Field, NDArray[np.bool_]]:
        """Columns and rows of (N, 3) points of the skin, and which lie in the picture on the near side."""
        assert self.skin is not None
        x, y, z = (f32(points[:, i : i + 1]) for i in range(3))
        col, row, distance = self.view.project(rotation(self.view.pose), x, y, z)
        seen = self.grid.look_up(self.skin.hit.depth, self.skin.hit.window, col, row)
        inside = (col >= 0) & (col < self.view.width) & (row >= 0) & (row < self.view.height)
        return col[:, 0], row[:, 0], np.asarray(inside & (distance < seen + _SAME_POINT_MM))[:, 0]

    def landmarks(self, geometry: Geometry) -> NDArray[np.float32]:
        """(8, 3): column and row of `LANDMARKS`, and 1 where neither head nor hair hides the point."""
        if self.skin is None:
            return np.zeros((len(LANDMARKS), 3), np.float32)
        col, row, open_ = self._sighted(landmark_points(self.person, self.warp, self.surface))
        c, r = np.round(col).astype(int), np.round(row).astype(int)
        label = geometry.labels[np.clip(r, 0, self.view.height - 1), np.clip(c, 0, self.view.width - 1)]
        return f32(np.stack([col, row, open_ & (label != PART["hair"])], -1))


def _centres(lesions: list[Lesion]) -> tuple[Field, Field]:
    return f32([lesion.x for lesion in lesions]), f32([lesion.y for lesion in lesions])


def _within(item: _Painted, rows: slice) -> Patch | None:
    r0, r1, c0, c1 = item.layer.extent()
    r0, r1 = max(r0, rows.start), min(r1, rows.stop)
    return item.appearance(slice(r0, r1), slice(c0, c1)) if r0 < r1 and c0 < c1 else None


def _store(geometry: Geometry, tile: Tile, rows: slice) -> None:
    geometry.diffuse[rows], geometry.specular[rows] = tile.diffuse, tile.specular
    geometry.coverage[rows], geometry.labels[rows] = tile.coverage, tile.labels
    geometry.mask_bits[rows] = np.where(tile.labels == PART["skin"], tile.bits, 0)
    geometry.melanin[rows], geometry.blood[rows] = tile.melanin, tile.blood
    geometry.glow[rows] = tile.glow
    geometry.veil[rows] = np.rint(np.clip(tile.veil, 0, 1) * 255)


def _tab_box(view: View) -> Box:
    side = max(12, round(0.055 * min(view.width, view.height)))
    margin = max(4, side // 3)
    return margin, margin, side, side


def _mount_tab(geometry: Geometry, box: Box) -> None:
    x, y, w, h = box
    rim = max(1, w // 10)
    frame = (slice(max(0, y - rim), y + h + rim), slice(max(0, x - rim), x + w + rim))
    for part, level in ((frame, 0.02), ((slice(y, y + h), slice(x, x + w)), NEUTRAL_TAB_REFLECTANCE)):
        geometry.diffuse[part], geometry.coverage[part] = level, 1
        for cleared in (
            geometry.specular,
            geometry.melanin,
            geometry.blood,
            geometry.labels,
            geometry.mask_bits,
            geometry.glow,
        ):
            cleared[part] = 0
