"""The trained models on one picture. A model that is not served is a reason, not an error."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

import msgspec
import numpy as np

from server.analysis import (
    WHOLE_FACE,
    SkinView,
    estimated_px_per_mm,
    face_of,
    no_scale,
    normalising,
    skin_view,
)
from server.errors import InferenceError, ModelUnavailable
from server.inference import (
    ACNE,
    CONDITIONS,
    CONDITIONS_MODEL,
    FLUORESCENCE,
    ITEMS_MODEL,
    SEVERITY,
    SKIN_FROM,
    Conditions,
    ModelInfo,
    SegmentedFace,
    Severity,
    TritonClient,
    classify_acne,
    find_conditions,
    fluorescence,
    grade_severity,
    segment_face,
    skin_items,
)
from server.pipeline import missing
from server.pipeline.marked import (
    LEAST_PX_PER_MM,
    item_layers,
    item_measures,
    uv_layers,
    uv_marks,
    uv_measures,
)
from server.pipeline.outcome import Map, MappedOutcome, Outcome
from station.protocol import Face, FrameHeader, Landmark, Layer, Measure
from station.quality import head_pose

Run = Callable[..., Awaitable[Any]]
"""Runs a function that works on pixels off the event loop."""

CONDITION_PLACES: Final = ("forehead", "right_cheek", "left_cheek", "nose", "chin")
LEAST_COVER: Final = 0.1
"""Skin that is a smaller share of the face box is not that face's."""
LIKELY: Final = 0.5
"""A condition is shown from this probability on."""
ESTIMATED: Final = "face_width_162mm/1"


class TrainedModels:
    """Asks the trained models of one Triton; `models` are the versions that results are signed with.

    `severity` is the model that grades acne.
    """

    def __init__(
        self, triton: TritonClient, models: Sequence[ModelInfo], run: Run, *, severity: str = SEVERITY
    ) -> None:
        self._triton = triton
        self._versions = {model.name: model.version for model in models}
        self._run = run
        self._severity = severity

    def method(self, model: str) -> str:
        """Name and version of a model."""
        return f"{model}/{self._versions.get(model, 1)}"

    async def search(self, srgb: Map) -> Face | None:
        """The face that the segmenter finds in a whole picture; None also where it fails or is not served."""
        try:
            seen = await segment_face(self._triton, srgb, None)
        except InferenceError:
            return None
        return None if seen is None else face_of(_landmarks(seen))

    async def segment(self, srgb: Map, face: Face) -> tuple[Map, Face] | None:
        """The skin (probability times 255) of a face, and the face with its landmarks and pose.

        None where there is none of that face; raises `ModelUnavailable`.
        """
        box = face.box
        seen = await segment_face(
            self._triton, srgb, (float(box.x), float(box.y), float(box.width), float(box.height))
        )
        if seen is None or np.count_nonzero(_within(seen.skin, face)) < LEAST_COVER * box.width * box.height:
            return None
        landmarks = _landmarks(seen)
        return seen.skin, msgspec.structs.replace(face, landmarks=landmarks, pose=head_pose(landmarks))

    async def items(
        self, parallel: Map, cross: Map | None, header: FrameHeader, face: Face | None, skin: Map
    ) -> MappedOutcome:
        """Spots, trouble, wrinkles and pores of a polarised pair."""
        scale = header.px_per_mm
        if scale is None and header.scale_refused:
            return missing.no_result("items", header.scale_refused)
        if cross is None or scale is None or cross.shape != parallel.shape:
            return missing.no_result("items", missing.NEEDS_PAIR)
        least = min(LEAST_PX_PER_MM.values())
        if scale < least:
            return missing.no_result("items", f"{scale:.1f} px/mm, needs {least:.0f}")
        view = skin_view(face, skin)
        if face is None or view is None:
            return missing.no_result("items", missing.NO_FACE if face is None else missing.NO_SKIN)
        try:
            maps = await skin_items(self._triton, parallel, cross, scale, _extent(view), skin)
        except ModelUnavailable:
            return missing.no_result("items", missing.NOT_INSTALLED)
        measures = await self._run(item_measures, maps, view, scale, self.method(ITEMS_MODEL))
        layers = await self._run(item_layers, maps, view, skin, scale)
        return MappedOutcome(Outcome(model=self.method(ITEMS_MODEL), measures=measures), layers)

    async def severity(self, srgb: Map, face: Face | None, skin: Map) -> MappedOutcome:
        """The severity of acne, 0 to 4, with its distribution and where it is seen."""
        if face is None:
            return missing.no_result("severity", missing.NO_FACE)
        try:
            found = await grade_severity(self._triton, srgb, normalising(face), model=self._severity)
        except ModelUnavailable:
            return missing.no_result("severity", missing.NOT_INSTALLED)
        method = self.method(self._severity)
        layers = {Layer.SEVERITY: _on_skin(found.heatmap, skin)}
        return MappedOutcome(Outcome(model=method, measures=_severity_measures(found, method)), layers)

    async def acne(self, srgb: Map, skin: Map) -> MappedOutcome:
        """Whether the face shows acne, and where that is seen."""
        try:
            found = await classify_acne(self._triton, srgb, skin)
        except ModelUnavailable:
            return missing.no_result("acne", missing.NOT_INSTALLED)
        if found is None:
            return missing.no_result("acne", missing.NO_SKIN)
        method = self.method(ACNE)
        measures = (_measure("acne_probability", found.probability, "1", method),)
        return MappedOutcome(Outcome(model=method, measures=measures), {Layer.ACNE: found.heatmap})

    async def conditions(self, srgb: Map, header: FrameHeader, face: Face | None, skin: Map) -> MappedOutcome:
        """The probability of every condition, place by place; of the face, the highest of its places."""
        view = skin_view(face, skin)
        if face is None or view is None:
            return missing.no_result("conditions", missing.NO_FACE if face is None else missing.NO_SKIN)
        places = _places(view)
        if not places:
            return missing.no_result("conditions", missing.NO_SKIN)
        scale = header.px_per_mm or estimated_px_per_mm(face)
        try:
            found = await find_conditions(self._triton, srgb, list(places.values()), scale)
        except ModelUnavailable:
            return missing.no_result("conditions", missing.NOT_INSTALLED)
        method = self.method(CONDITIONS_MODEL)
        measures = _condition_measures(dict(zip(places, found, strict=True)), method)
        if header.px_per_mm is None:
            measures += (_measure("estimated_scale", scale, "px/mm", ESTIMATED),)
        layers = await self._run(_condition_layers, found, skin)
        return MappedOutcome(Outcome(model=method, measures=measures), layers)

    async def fluorescence(
        self, srgb: Map, header: FrameHeader, face: Face | None, skin: Map
    ) -> MappedOutcome:
        """Porphyrins and UV spots of a picture under ultraviolet light."""
        scale, least = header.px_per_mm, LEAST_PX_PER_MM["porphyrins"]
        if scale is None or scale < least:
            reason = no_scale(header) if scale is None else f"{scale:.1f} px/mm, needs {least:.0f}"
            return missing.no_result("fluorescence", reason)
        view = skin_view(face, skin)
        if face is None or view is None:
            return missing.no_result("fluorescence", missing.NO_FACE if face is None else missing.NO_SKIN)
        try:
            maps = await fluorescence(self._triton, srgb, scale, _extent(view), skin)
        except ModelUnavailable:
            return missing.no_result("fluorescence", missing.NOT_INSTALLED)
        method = self.method(FLUORESCENCE)
        marks = await self._run(uv_marks, maps, view)
        measures = await self._run(uv_measures, marks, view, method)
        layers = await self._run(uv_layers, maps, marks, skin)
        return MappedOutcome(Outcome(model=method, measures=measures), layers)


def _landmarks(seen: SegmentedFace) -> tuple[Landmark, ...]:
    return tuple(
        Landmark(round(float(x), 1), round(float(y), 1), round(min(max(float(sure), 0.0), 1.0), 3))
        for x, y, sure in seen.landmarks
    )


def _within(skin: Map, face: Face) -> np.ndarray[Any, np.dtype[np.bool_]]:
    box = face.box
    left, top = max(box.x, 0), max(box.y, 0)
    return np.asarray(skin[top : box.y + box.height, left : box.x + box.width] >= SKIN_FROM)


def _extent(view: SkinView) -> tuple[int, int, int, int]:
    return view.within.x, view.within.y, view.within.width, view.within.height


def _on_skin(heat: Map, skin: Map) -> Map:
    return np.where(skin >= SKIN_FROM, heat, np.uint8(0))


def _places(view: SkinView) -> dict[str, tuple[float, float]]:
    """The middle of the skin of each place, in px of the picture."""
    found = {}
    for name in CONDITION_PLACES:
        if (region := view.regions.get(name)) is not None:
            rows, columns = np.nonzero(region)
            x, y = columns.mean() / view.scale + view.within.x, rows.mean() / view.scale + view.within.y
            found[name] = (float(x), float(y))
    return found


def _severity_measures(found: Severity, method: str) -> tuple[Measure, ...]:
    values = {
        "acne_severity": float(found.grade),
        "acne_severity_estimate": found.estimate,
        "acne_severity_uncertain": float(found.uncertain),
        **{f"acne_severity_p{grade}": share for grade, share in enumerate(found.distribution)},
    }
    return tuple(_measure(name, value, "1", method) for name, value in values.items())


def _condition_measures(found: Mapping[str, Conditions], method: str) -> tuple[Measure, ...]:
    measures = []
    for index, name in enumerate(CONDITIONS):
        here = {place: each.probabilities[index] for place, each in found.items()}
        for place, value in {WHOLE_FACE: max(here.values()), **here}.items():
            measures.append(_measure(f"condition_{name}", value, "1", method, region=place))
    return tuple(measures)


def _condition_layers(found: Sequence[Conditions], skin: Map) -> dict[Layer, Map]:
    """Heat maps of the conditions that are likelier than not somewhere, in the places where they are."""
    layers: dict[Layer, Map] = {}
    for index, name in enumerate(CONDITIONS):
        for each in found:
            if each.probabilities[index] >= LIKELY:
                layer = Layer(f"condition_{name}")
                heat = _on_skin(each.on_picture(index, skin.shape), skin)
                layers[layer] = np.maximum(layers[layer], heat) if layer in layers else heat
    return layers


def _measure(name: str, value: float, unit: str, method: str, *, region: str = WHOLE_FACE) -> Measure:
    return Measure(region=region, name=name, value=round(value, 6), unit=unit, method=method)
