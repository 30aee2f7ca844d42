"""The face as a picture shows it: skin colour, lips, brows, beard, eyes, mouth, pores and gloss, per tile."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from phantom.atlas import PORE_GRID, Atlas
from phantom.eyes import BrowPatch, EyePatch
from phantom.fields import Field, f32, noise_at, smoothstep
from phantom.identity import Identity
from phantom.layers import Layer
from phantom.lighting import specular
from phantom.mouth import MouthPatch
from phantom.patches import Patch, bits_of
from phantom.relief import Asymmetry, FaceFrame
from phantom.scene import PART
from phantom.spectral import skin_table
from phantom.strands import StrandCanvas
from phantom.view import Vector, rotation

_ROUGHNESS = 0.41
_DETAIL_SHADING = 0.85
_PUS = (1.21, 1.07, 0.72)
"""colour of pus relative to its mean"""
_FAINT_BROW, _JAW_SEAM_MM = 0.5, 2.5


@dataclass(frozen=True)
class FacePaint:
    """Everything painted on one person's face for one view."""

    person: Identity
    warp: Asymmetry
    atlas: Atlas
    eyes: EyePatch
    brows: BrowPatch
    mouth: MouthPatch
    beard: StrandCanvas | None


def skin_patch(paint: FacePaint, layer: Layer, rows: slice, cols: slice) -> Patch:
    """The bald head in a tile."""
    return _SkinTile(paint, layer, rows, cols).patch()


class _SkinTile:
    def __init__(self, paint: FacePaint, layer: Layer, rows: slice, cols: slice) -> None:
        self.paint, self.layer, self.rows, self.cols = paint, layer, rows, cols
        place = layer.enlarge(layer.place, rows, cols)
        self.x, self.y, self.z, self.depth = (np.ascontiguousarray(place[..., i]) for i in range(4))
        facing = layer.enlarge(layer.facing, rows, cols)
        self.normal: Vector = (facing[..., 0], facing[..., 1], facing[..., 2])
        self.visible = facing[..., 3]
        light = layer.enlarge(layer.light, rows, cols)
        self.light, self.opacity = light[..., :3], layer.coverage(light[..., 3])
        self.front = smoothstep(-84, -56, self.z)
        self.frame: FaceFrame = paint.warp.frame(paint.person, self.x, self.y)
        self.pigment = paint.atlas.grid.sample(paint.atlas.pigment, self.x, self.y)
        self.truth = paint.atlas.grid.sample(paint.atlas.truth, self.x, self.y) * self.front[..., None]
        self.acne = paint.atlas.grid.sample(paint.atlas.acne, self.x, self.y) * self.front[..., None]
        self.sun = paint.atlas.grid.sample(paint.atlas.sun, self.x, self.y) * self.front[..., None]
        self.porphyrin = np.zeros_like(self.x)
        self.labels = np.full(self.x.shape, PART["skin"], np.uint8)

    def patch(self) -> Patch:
        log_melanin, log_blood, lips = self._chromophores()
        albedo = skin_table().colour(log_melanin, log_blood)
        albedo = self._blemished(self._tinted(albedo, lips))
        wrinkle = np.clip(self.truth[..., 3] * 2.2, 0, 1)
        cavity = self.pigment[..., 2] * self.front
        albedo *= ((1 - np.float32(0.22) * wrinkle) * (1 - cavity))[..., None]
        brow = self._brows(albedo)
        beard = self._beard(albedo)
        slope_x, slope_y, pore = self._slopes()
        diffuse = albedo * self.light * self._detail(slope_x, slope_y)[..., None]
        gloss = self._gloss(slope_x, slope_y, lips, brow, beard, cavity)
        self._label(lips, brow, beard)
        self._mouth(diffuse, gloss)
        self._eyes(diffuse, gloss)
        bits = bits_of({
            "pigment_spot": self.truth[..., 0] > 0.5, "freckle": self.truth[..., 1] > 0.5, "papule": self.truth[..., 2] > 0.5,
            "pore": pore > 0.5, "wrinkle": self.truth[..., 3] > 0.05,
            "pustule": self.acne[..., 0] > 0.5, "open_comedo": self.acne[..., 1] > 0.2,
            "closed_comedo": self.acne[..., 2] > 0.5, "telangiectasia": self.acne[..., 3] > 0.3,
            "melasma": self.sun[..., 0] > 0.5, "sun_spot": self.sun[..., 1] > 0.25, "porphyrin": self.porphyrin > 0.2,
        })  # fmt: skip
        bits = np.where(self.labels == PART["skin"], bits, 0).astype(np.uint16)
        skin = np.isin(self.labels, (PART["skin"], PART["lips"], PART["neck"]))
        return Patch(
            self.rows, self.cols, f32(diffuse), f32(gloss), self.opacity, self.depth, self.labels,
            f32(np.where(skin, np.exp(log_melanin), 0)), f32(np.where(skin, np.exp(log_blood), 0)), bits,
            self._veil(brow, beard), np.rint(255 * np.dstack([self.porphyrin, self.sun[..., 1]])).clip(0, 255).astype(np.uint8),
        )  # fmt: skip

    def _blemished(self, albedo: Field) -> Field:
        """With pus under the caps of pustules and dark plugs in open comedones."""
        pus = np.float32(0.6) * smoothstep(0.72, 0.97, self.acne[..., 0])[..., None]
        lightest = albedo.mean(-1, keepdims=True) * np.float32(1.6) + np.float32(0.02)
        albedo = albedo + pus * (lightest * f32(_PUS) - albedo)
        return f32(albedo * (1 - self.acne[..., 1])[..., None])

    def _veil(self, brow: Field, beard: Field) -> Field:
        """Hair of the face, and 0.5 where brows are faint or the jaw runs into the neck without an edge."""
        p = self.paint.person
        stubble = p.beard == "stubble"
        hidden = np.where(self.labels == PART["lips"], 0, np.float32(1.6 if stubble else 1.0) * beard)
        faint = (brow > 0.3) & (p.brow_opacity < _FAINT_BROW)
        seam = (np.abs(self.jaw) < _JAW_SEAM_MM) & np.isin(self.labels, (PART["skin"], PART["neck"]))
        return f32(np.where(faint | seam, np.maximum(hidden, np.float32(0.5)), hidden))

    def _chromophores(self) -> tuple[Field, Field, Field]:
        p = self.paint.person
        sample = self.paint.mouth.grid.sample(
            self.paint.mouth.lips, self.frame.x, self.frame.plain_y, outside=0.0
        )
        self.lip_sample = sample * (self.z > -45)[..., None]
        lips = self.lip_sample[..., 0]
        mottle = noise_at("mottle", self.x * 3 + self.z, self.y * 3 + self.z * np.float32(1.3))
        even = np.float32(0.05 / (1 + 1.2 * max(0.0, (30 - p.ita) / 30)))
        melanin = np.float32(np.log(p.melanin)) + self.pigment[..., 0] * self.front + even * mottle
        blood = np.float32(np.log(p.blood)) + self.pigment[..., 1] * self.front - np.float32(0.06) * mottle
        deep = p.ita_class in ("brown", "dark")
        grain = noise_at("grain", self.frame.x * 7, self.frame.plain_y * np.float32(1.6)) * np.float32(0.05)
        blood = blood + lips * (np.float32(np.log(4.4 if deep else 3.7)) + grain)
        return f32(melanin - lips * np.float32(0.26)), f32(blood), f32(lips)

    def _tinted(self, albedo: Field, lips: Field) -> Field:
        p = self.paint.person
        if p.make_up < 0.25:
            return albedo
        share = np.float32(0.6 * p.make_up) * lips
        tone = f32(p.lip_colour) * (albedo.mean(-1, keepdims=True) * np.float32(1 / 0.24))
        return f32(albedo * (1 - share)[..., None] + tone * share[..., None])

    def _brows(self, albedo: Field) -> Field:
        patch = self.paint.brows
        brow = patch.grid.sample(patch.opacity, self.frame.x, self.frame.y, outside=0.0) * self.front
        tone = f32(self.paint.person.brow_colour) * np.float32(0.8) + np.float32(0.004)
        shown = np.float32(0.92 * self.paint.person.brow_opacity) * brow
        albedo *= (1 - shown)[..., None]
        albedo += tone * shown[..., None]
        return f32(brow)

    def _beard(self, albedo: Field) -> Field:
        p = self.paint.person
        if p.beard == "none":
            return np.zeros_like(self.x)
        mask = self.paint.atlas.grid.sample(self.paint.atlas.beard, self.x, self.y) * smoothstep(
            -98, -72, self.z
        )
        dots = noise_at("grain", self.x * 6, self.y * 6 + self.z)
        tone = f32(p.brow_colour) * np.float32(0.7) + np.float32(0.006)
        if p.beard == "stubble" or self.paint.beard is None:
            share = np.clip(
                mask * np.float32(0.20 + 0.30 * p.beard_density) * (1 + np.float32(0.3) * dots), 0, 0.8
            )
            albedo *= (1 - share)[..., None]
            albedo += tone * share[..., None]
            return f32(share * np.float32(0.4))
        base = np.clip(smoothstep(0.15, 0.95, f32(mask)) * np.float32(0.88), 0, 1)
        strands, tone_level = self.paint.beard.rows(self.rows, self.cols)
        albedo *= (1 - base)[..., None]
        albedo += tone * np.float32(0.75) * base[..., None]
        hair = f32(p.hair_colour) * np.float32(0.9) + np.float32(0.004)
        albedo *= (1 - strands)[..., None]
        albedo += hair * ((np.float32(0.35) + np.float32(1.5) * tone_level) * strands)[..., None]
        return f32(np.maximum(base, strands))

    def _slopes(self) -> tuple[Field, Field, Field]:
        atlas = self.paint.atlas
        sx, sy, pore = np.zeros_like(self.x), np.zeros_like(self.x), np.zeros_like(self.x)
        if atlas.slope is not None:
            slope = atlas.grid.sample(atlas.slope, self.x, self.y) * self.front[..., None]
            sx, sy = slope[..., 0], slope[..., 1]
        if atlas.pores is not None:
            fine = PORE_GRID.sample(atlas.pores, self.x, self.y, outside=0.0) * self.front[..., None]
            pore, self.porphyrin = fine[..., 2], np.ascontiguousarray(fine[..., 3])
            visible = np.float32(smoothstep(2.0, 4.5, f32(self.layer.grid.view.px_per_mm)))
            sx, sy = sx + fine[..., 0] * visible, sy + fine[..., 1] * visible
        return f32(sx), f32(sy), f32(pore)

    def _detail(self, slope_x: Field, slope_y: Field) -> Field:
        towards_key = np.float32(0.45) * slope_x - np.float32(0.5) * slope_y
        tilt = np.sqrt(1 + slope_x * slope_x + slope_y * slope_y)
        return f32(np.clip((1 + np.float32(_DETAIL_SHADING) * towards_key) / tilt, 0.45, 1.5))

    def _gloss(
        self, slope_x: Field, slope_y: Field, lips: Field, brow: Field, beard: Field, cavity: Field
    ) -> Field:
        oil = self.pigment[..., 3] * self.front + np.float32(0.5) * (1 - self.front)
        rough = np.float32(_ROUGHNESS) - np.float32(0.05) * (oil - np.float32(0.55)) - np.float32(0.10) * lips
        strength = (
            (oil * (1 - np.float32(0.5) * lips) + self.lip_sample[..., 2])
            * (1 - np.float32(0.8) * brow)
            * (1 - np.float32(0.85) * beard)
            * (1 - cavity)
        )
        view = self.layer.grid.view
        normal = self._grained(slope_x, slope_y)
        return specular(view, rotation(view.pose), normal, self.visible, f32(rough), f32(strength))

    def _grained(self, slope_x: Field, slope_y: Field) -> Vector:
        """Unit normals of the relief, with the skin's grain as far as the picture resolves it."""
        scale = self.layer.grid.view.px_per_mm
        n = [self.normal[0] - slope_x, self.normal[1] - slope_y, self.normal[2]]
        for frequency, amount in ((3.0, 0.05), (8.0, 0.07)):
            fade = np.float32(amount * np.clip(scale * 1.6 / frequency, 0, 1))
            u, v = self.x * np.float32(frequency), self.y * np.float32(frequency) + self.z
            n[0] = n[0] + fade * noise_at("grain", u, v)
            n[1] = n[1] + fade * noise_at("grain", u + 300, v)
        length = 1 / np.sqrt(n[0] * n[0] + n[1] * n[1] + n[2] * n[2])
        return f32(n[0] * length), f32(n[1] * length), f32(n[2] * length)

    def _label(self, lips: Field, brow: Field, beard: Field) -> None:
        p, labels = self.paint.person, self.labels
        self.jaw = (self.y + np.float32(79 * p.face_length) + (self.z + 75) * np.float32(0.627)) * np.float32(
            0.85
        )
        labels[(self.jaw < 0) | ((self.y < -60) & (self.z < -88))] = PART["neck"]
        labels[lips > 0.5] = PART["lips"]
        labels[brow > 0.36] = PART["brow"]
        if p.beard not in ("none", "stubble"):
            labels[(beard > 0.5) & (lips < 0.5)] = PART["beard"]

    def _mouth(self, diffuse: Field, gloss: Field) -> None:
        diffuse *= (1 - self.lip_sample[..., 1])[..., None]
        if self.paint.person.mouth_gap <= 0.8:
            return
        patch = self.paint.mouth
        inside = patch.grid.sample(patch.interior, self.frame.x, self.frame.plain_y, outside=0.0)
        share = inside[..., 3] * (self.z > -45)
        level = self.light.mean(-1) * np.float32(0.9)
        diffuse *= (1 - share)[..., None]
        diffuse += inside[..., :3] * (level * share)[..., None]
        gloss *= 1 - np.float32(0.7) * share
        self.labels[share > 0.5] = PART["mouth"]

    def _eyes(self, diffuse: Field, gloss: Field) -> None:
        patch = self.paint.eyes
        near = (np.abs(self.frame.y) < 20) & (self.z > -60)
        if not near.any():
            return
        r, c = np.flatnonzero(near.any(1)), np.flatnonzero(near.any(0))
        part = (slice(r[0], r[-1] + 1), slice(c[0], c[-1] + 1))
        fx, fy = np.ascontiguousarray(self.frame.x[part]), np.ascontiguousarray(self.frame.y[part])
        eye = patch.grid.sample(patch.colour, fx, fy, outside=0.0)
        around = patch.grid.sample(patch.surround, fx, fy, outside=0.0) * near[part][..., None]
        share = eye[..., 3] * near[part]
        level = np.float32(0.30) + np.float32(0.66) * self.visible[part]
        diffuse[part] = diffuse[part] * (1 - share)[..., None] + eye[..., :3] * (level * share)[..., None]
        diffuse[part] *= (1 - around[..., 1])[..., None]
        gloss[part] = gloss[part] * (1 - share) * (1 - around[..., 1]) + around[..., 0]
        self.labels[part][share > 0.5] = PART["eye"]
