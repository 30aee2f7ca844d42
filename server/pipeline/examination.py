"""One picture examined: face, quality, layers, measures, findings. The same for a booth's still and a user's photograph."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray

from server.analysis import (
    Finding,
    LayerMap,
    SkinView,
    find_face,
    find_lesions,
    measure_gloss,
    measure_skin,
    measure_texture,
    skin_view,
)
from server.inference import SCALES, SEVERITY, SKIN_FROM, ModelInfo, TritonClient, chromophores, face_layers
from server.pipeline.marked import lesion_measures, marked_findings
from server.pipeline.trained import TrainedModels
from station.protocol import Face, Frame, Layer, Light, Measure, QualityReport
from station.quality import QualityProfile, develop, examine

P = ParamSpec("P")
T = TypeVar("T")

Srgb = NDArray[np.uint8]
"""A picture (H, W, 3), or a map of it (H, W)."""
Layers = Mapping[Layer, LayerMap]

TEXTURED = frozenset({Light.WHITE, Light.PARALLEL_POLARISED})
"""Lights that show the relief of the skin; without polarisers its reflections hide some of it."""


@dataclass(frozen=True)
class Examination:
    """What was found about the skin in one picture."""

    measures: tuple[Measure, ...]
    findings: tuple[Finding, ...]


class Examiner:
    """Examines pictures with one Triton and one quality profile; work on pixels runs on the threads `analysis`.

    `models` are the versions of the models that Triton serves, `severity` the one of them that grades acne.
    """

    def __init__(
        self,
        triton: TritonClient,
        profile: QualityProfile,
        *,
        models: Sequence[ModelInfo] = (),
        severity: str = SEVERITY,
        threads: int = 1,
    ) -> None:
        self._triton = triton
        self._profile = profile
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="analysis")
        self.trained = TrainedModels(triton, models, self.run, severity=severity)

    def close(self) -> None:
        """Wait for running work and end the threads."""
        self._pool.shutdown(wait=True)

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of a function that works on pixels or files, off the event loop."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, lambda: work(*args, **kwargs))

    async def develop(self, frame: Frame) -> Srgb:
        """The picture as the eye sees it: uint8 sRGB (H, W, 3)."""
        return await self.run(develop, frame)

    async def find_face(self, srgb: Srgb) -> Face | None:
        """The largest face, or None; raises `InferenceUnavailable` only where the cascade finds none."""
        face = await self.run(find_face, srgb)
        return face if face is not None else await self.trained.search(srgb)

    async def judge(
        self,
        frame: Frame,
        face: Face | None,
        *,
        recipe: str,
        pair: Frame | None = None,
    ) -> QualityReport:
        """The capture quality; `pair` is the same view under the other polarisation."""
        return await self.run(examine, frame, recipe=recipe, profile=self._profile, face=face, pair=pair)

    async def map_layers(self, frame: Frame, srgb: Srgb, face: Face | None) -> dict[Layer, LayerMap]:
        """The maps of the picture, uint8 at its own size; raises `InferenceUnavailable`."""
        return {**await self.map_pigments(frame, srgb), **await self.map_face(srgb, face)}

    async def map_pigments(self, frame: Frame, srgb: Srgb) -> dict[Layer, LayerMap]:
        """Those of `map_layers` that need no face, from the deepest samples there are; raises `InferenceUnavailable`."""
        header, pixels = frame.header, frame.pixels
        if pixels.dtype == np.uint16:
            master = pixels.astype(np.uint16, copy=False)
            levels = (float(header.black_level), float(header.white_level))
            maps = await chromophores(self._triton, master, levels)
        else:
            maps = await chromophores(self._triton, srgb)
        return as_layers(dict(zip((Layer.MELANIN, Layer.HAEMOGLOBIN), maps, strict=True)))

    async def map_face(self, srgb: Srgb, face: Face | None) -> dict[Layer, LayerMap]:
        """Those of `map_layers` that are seen around the face; all 0 without one. The skin is found by its colour.

        Raises `InferenceUnavailable`.
        """
        box = None
        if face is not None:
            box = (float(face.box.x), float(face.box.y), float(face.box.width), float(face.box.height))
        seen = await face_layers(self._triton, srgb, box)
        maps = {Layer.SKIN: seen.skin, Layer.REDNESS: seen.redness, Layer.REFLECTION: seen.reflection}
        return as_layers(maps)

    async def measure(
        self,
        layers: Layers,
        frame: Frame,
        srgb: Srgb,
        face: Face | None,
        *,
        cross: Frame | None = None,
        trained: Sequence[Measure] = (),
    ) -> Examination:
        """Numbers and findings; `cross` is the cross-polarised twin of a parallel-polarised frame.

        `trained` are the measures that trained models gave; layers of marks among `layers` become findings with them.
        """
        return await self.run(_measure, layers, frame, srgb, face, cross, tuple(trained))


def as_layers(maps: Mapping[Layer, Srgb]) -> dict[Layer, LayerMap]:
    """Maps with the scales that make quantities of their values; skin becomes 0 or 255, what has no scale a share."""
    layers: dict[Layer, LayerMap] = {}
    for layer, pixels in maps.items():
        scale = SCALES.get(layer.value)
        if layer is Layer.SKIN:
            pixels = np.where(pixels >= SKIN_FROM, np.uint8(255), np.uint8(0))
        if scale is None:
            layers[layer] = LayerMap(layer, pixels, scale=1 / 255, offset=0.0, unit="1")
            continue
        layers[layer] = LayerMap(
            layer, pixels, scale=1 / scale.per_unit, offset=-scale.zero / scale.per_unit, unit=scale.unit
        )
    return layers


def _measure(
    layers: Layers,
    frame: Frame,
    srgb: Srgb,
    face: Face | None,
    cross: Frame | None,
    trained: tuple[Measure, ...],
) -> Examination:
    header, skin = frame.header, layers[Layer.SKIN].pixels
    view = skin_view(face, skin)
    measures = measure_skin(layers, srgb, header, face, view=view)
    if cross is not None and face is not None:
        measures += measure_gloss(frame, cross, face, skin)
    lesions = find_lesions(layers, face, header, view=view)
    if view is not None and face is not None:
        measures += _of_face(layers, frame, view, lesions)
    return Examination(measures + trained, lesions + marked_findings(layers, trained, header))


def _of_face(
    layers: Layers, frame: Frame, view: SkinView, lesions: tuple[Finding, ...]
) -> tuple[Measure, ...]:
    measures: tuple[Measure, ...] = ()
    if frame.header.light is Light.CROSS_POLARISED:
        measures += lesion_measures(layers, lesions, view, frame.header.px_per_mm)
    if frame.header.light in TEXTURED:
        measures += measure_texture(frame, view)
    return measures
