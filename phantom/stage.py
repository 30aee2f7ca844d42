"""A person before a camera: cheap moving preview frames and whole stills of one identity, rendered once and cached."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from phantom.camera import CameraModel
from phantom.identity import Identity, Pose
from phantom.scene import LIGHTS, Box, Geometry, Light, Scene
from phantom.shade import shade
from phantom.trace import trace

VERSION = 5
"""part of every cache file's name; raise it when a render's bytes change"""
_MARGIN = 1.06
_NOISE_SHIFTS = 32
Progress = Callable[[float], None]


class Stage:
    """One identity on stage; `open` it."""

    def __init__(self, identity: Identity, cache_dir: Path | None, width: int, height: int) -> None:
        self.identity = identity
        self.width, self.height = width, height
        self._cache_dir = cache_dir
        self._recent: dict[tuple[int, int, float], Geometry] = {}
        self._frames: dict[float, dict[Light, NDArray[np.uint8]]] = {}
        self._boxes: dict[float, Box] = {}
        self._noise: tuple[NDArray[np.uint8], NDArray[np.uint8]] | None = None

    @classmethod
    def open(
        cls,
        seed: int,
        cache_dir: Path | None = None,
        width: int = 1280,
        height: int = 720,
        progress: Progress | None = None,
        *,
        eyes_closed: bool = False,
    ) -> Self:
        """Render (or load) the preview of `seed`; `progress` hears 0..1. Takes about a second without a cache."""
        person = Identity.sample(seed, demo=True)
        stage = cls(person.asleep() if eyes_closed else person, cache_dir, width, height)
        stage.turn(0.0, progress)
        return stage

    def turn(self, view_yaw: float = 0.0, progress: Progress | None = None) -> None:
        """Render (or load) the preview of a head turned so far, degrees to the right of the picture; at once if it is there."""
        if view_yaw in self._frames:
            return
        told: Progress = progress or (lambda share: None)
        wide, high = round(self.width * _MARGIN), round(self.height * _MARGIN)
        scale = min(self.height / 330, self.width / 270)
        geometry = self._geometry(wide, high, view_yaw, scale, lambda share: told(0.7 * share))
        frames: dict[Light, NDArray[np.uint8]] = {}
        for index, light in enumerate(LIGHTS):
            linear = shade(geometry, light).linear
            stops = 1.0 if light in ("cross_polarised", "parallel_polarised") else 0.0
            srgb = CameraModel(exposure=stops, read_noise=0.0, shot_noise=0.0).expose(linear, 0).srgb
            # OpenCV warps four channels in less than half the time of three.
            frames[light] = np.asarray(cv2.cvtColor(srgb, cv2.COLOR_RGB2RGBA), np.uint8)
            told(0.7 + 0.3 * (index + 1) / len(LIGHTS))
        self._frames[view_yaw], self._boxes[view_yaw] = frames, geometry.box

    def frame(self, t: float, light: Light = "white", view_yaw: float = 0.0) -> tuple[NDArray[np.uint8], Box]:
        """The preview at `t` seconds: uint8 sRGB (height, width, 3) and the face box in it. A few milliseconds.

        Head sway, breathing and a slight drift of the lamp come from warping, cropping and scaling a cached render, and the
        sensor's noise falls on what comes of it; developed, it is nearly the same at every level.
        polarised frames are exposed one stop longer. Without neutral tab, for it is fixed to the booth. The first frame of
        a turned head takes as long as `turn`.
        """
        self.turn(view_yaw)
        matrix = self._sway(t)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        picture = cv2.warpAffine(
            self._frames[view_yaw][light],
            matrix,
            (self.width, self.height),
            flags=flags,
            borderMode=cv2.BORDER_REPLICATE,
        )
        gain = 1.0 + 0.012 * np.sin(2 * np.pi * 0.31 * t)
        picture = cv2.convertScaleAbs(cv2.cvtColor(picture, cv2.COLOR_RGBA2RGB), alpha=gain)
        brighter, darker = self._noise_at(t)
        picture = cv2.subtract(cv2.add(picture, brighter), darker)
        return np.asarray(picture, np.uint8), _moved_box(self._boxes[view_yaw], matrix)

    def _noise_at(self, t: float) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Another part of one field of noise for every frame: what brightens, and what darkens."""
        if self._noise is None:
            grey = np.full((self.height + _NOISE_SHIFTS, self.width + _NOISE_SHIFTS, 3), 0.2, np.float32)
            codes = CameraModel().expose(grey, self.identity.seed).srgb.astype(np.int16)
            noise = codes - np.int16(round(float(codes.mean())))
            self._noise = np.maximum(noise, 0).astype(np.uint8), np.maximum(-noise, 0).astype(np.uint8)
        down, right = np.random.default_rng([round(1e6 * t), 7]).integers(_NOISE_SHIFTS, size=2)
        window = slice(down, down + self.height), slice(right, right + self.width)
        return self._noise[0][window], self._noise[1][window]

    def _sway(self, t: float) -> NDArray[np.float64]:
        """Cached pixel from frame pixel."""
        phase = 2 * np.pi * np.array([0.11, 0.17, 0.23, 0.07]) * t + self.identity.seed % 7
        unit = self.height / 330
        zoom = 1.0 + 0.008 * np.sin(phase[2])
        angle = np.radians(0.6) * np.sin(phase[3])
        centre = np.array([self.width * _MARGIN / 2, self.height * _MARGIN / 2])
        shift = unit * np.array([2.4 * np.sin(phase[0]), 1.4 * np.sin(phase[1])])
        turn = zoom * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        offset = centre + shift - turn @ np.array([self.width / 2, self.height / 2])
        return np.column_stack([turn, offset])

    def still(
        self,
        width: int,
        height: int,
        light: Light = "white",
        view_yaw: float = 0.0,
        progress: Progress | None = None,
    ) -> Scene:
        """The scene rendered whole; all lights of one size and view share one geometry and register exactly."""
        return shade(self._geometry(width, height, view_yaw, None, progress), light)

    def _geometry(
        self, width: int, height: int, yaw: float, px_per_mm: float | None, progress: Progress | None = None
    ) -> Geometry:
        key = (width, height, yaw)
        if key in self._recent:
            return self._recent[key]
        path = self._path(width, height, yaw, px_per_mm)
        geometry = _load(path) if path is not None and path.exists() else None
        if geometry is None:
            geometry = trace(
                self.identity,
                width,
                height,
                Pose(yaw=yaw),
                px_per_mm=px_per_mm,
                # A preview sways, and the tab is fixed to the booth.
                neutral_tab=px_per_mm is None,
                progress=progress,
            )
            if path is not None:
                _save(path, geometry)
        self._recent = {key: geometry}
        return geometry

    def _path(self, width: int, height: int, yaw: float, px_per_mm: float | None) -> Path | None:
        if self._cache_dir is None:
            return None
        scale = "booth" if px_per_mm is None else f"{px_per_mm:.4f}"
        person = f"{self.identity.seed}" + ("-asleep" if self.identity.eye_opening < 0 else "")
        return self._cache_dir / f"phantom-v{VERSION}-{person}-{width}x{height}-yaw{yaw:+.1f}-{scale}.npz"


def _moved_box(box: Box, matrix: NDArray[np.float64]) -> Box:
    x, y, w, h = box
    turn = matrix[:, :2]
    centre = np.linalg.solve(turn, np.array([x + w / 2, y + h / 2]) - matrix[:, 2])
    side = w / np.sqrt(abs(np.linalg.det(turn)))
    return round(centre[0] - side / 2), round(centre[1] - side / 2), round(side), round(side)


def _save(path: Path, geometry: Geometry) -> None:
    """Write atomically, so that a reader never sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = {
        f.name: getattr(geometry, f.name)
        for f in fields(Geometry)
        if isinstance(getattr(geometry, f.name), np.ndarray)
    }
    names, values = list(geometry.truth), list(geometry.truth.values())
    boxes = np.array([geometry.box, geometry.neutral_tab or (0, 0, 0, 0)], np.int64)
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".partial")
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, boxes=boxes, truth_names=np.array(names), truth_values=np.array(values), **arrays)
        Path(temporary).replace(path)
    finally:
        Path(temporary).unlink(missing_ok=True)


def _load(path: Path) -> Geometry | None:
    """The cached geometry, or None when the file cannot be read."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            box, tab = (tuple(int(v) for v in row) for row in stored["boxes"])
            truth = dict(zip(stored["truth_names"].tolist(), stored["truth_values"].tolist(), strict=True))
            arrays = {f.name: stored[f.name] for f in fields(Geometry) if f.name in stored.files}
        return Geometry(**arrays, box=box, neutral_tab=tab if tab[2] else None, truth=truth)  # type: ignore[arg-type]
    except (OSError, ValueError, KeyError, EOFError):
        return None
