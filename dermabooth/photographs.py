"""A user's own photograph through the pipeline: read, examined, written as pictures, JSON and DICOM."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import msgspec
import numpy as np
from pydicom.dataset import Dataset

from server.analysis import LayerMap, face_regions
from server.dicom import (
    NO_CLINICAL_VALIDATION,
    REFERENCE_WEIGHTS,
    Origin,
    StudyWords,
    encoded,
    read_photo,
)
from server.durable import partial_file
from server.errors import BadImage, InferenceError
from server.inference import SEGMENTER, ModelInfo
from server.overlay import render
from server.pipeline import (
    COLOUR_SKIN,
    FAILED,
    UNCONTROLLED_LACKS,
    Examination,
    Examiner,
    Identity,
    Layers,
    MappedOutcome,
    ObjectMaker,
    Srgb,
    as_layers,
    encode_layer,
    encode_png,
    no_result,
)
from station.devices.files import read_picture
from station.errors import BadPicture
from station.protocol import (
    Box,
    Face,
    Frame,
    FrameHeader,
    Layer,
    Light,
    Patient,
    QualityReport,
    derived_uid,
    new_uid,
)
from station.quality import UNCONTROLLED

OVERLAY_OPACITY = 0.55

Picture = Callable[[], None]
"""Encodes and writes one."""


@dataclass(frozen=True)
class Photograph:
    """A picture from elsewhere."""

    path: Path
    srgb: Srgb
    lossy: bool
    """The pixels came out of a lossy codec."""
    jpeg: bytes | None = None
    """The file itself where it is a JPEG; it goes into the DICOM photo untouched."""
    origin: Origin | None = None
    """Patient and study, where the file is DICOM: what is made of it belongs to the same."""


class PhotographExaminer:
    """Examines photographs and writes what was found; `models` are named in every result."""

    def __init__(self, examiner: Examiner, maker: ObjectMaker, models: Sequence[ModelInfo]) -> None:
        self._examiner = examiner
        self._maker = maker
        self._models = models

    async def examine(self, path: Path, folder: Path) -> dict[str, Any]:
        """Write everything about one photograph into `folder`, `result.json` last; the content of that file.

        Raises `BadImage` for a file that cannot be used, `InferenceUnavailable` if Triton is away.
        """
        photograph = await self._examiner.run(read_photograph, path)
        await self._examiner.run(_make_folders, folder)
        try:
            async with asyncio.TaskGroup() as tasks:
                result = await self._examine(photograph, folder, tasks)
        except ExceptionGroup as group:
            raise group.exceptions[0] from group
        data = msgspec.json.format(msgspec.json.encode(result), indent=2)
        await self._examiner.run(_write, folder / "result.json", data)
        return result

    async def _examine(
        self, photograph: Photograph, folder: Path, tasks: asyncio.TaskGroup
    ) -> dict[str, Any]:
        """Begins each thing as soon as what it needs is there: while Triton works on one core, the other has work too."""
        srgb, header = photograph.srgb, _header(photograph)
        frame = Frame(header, srgb)
        mapping = tasks.create_task(self._examiner.map_pigments(frame, srgb))
        face = await self._examiner.find_face(srgb)
        recording = tasks.create_task(self._photo(photograph, frame, face, folder))
        seen = await self._examiner.map_face(srgb, face)
        face, layers, skin_by = await self._segmented(srgb, face, seen)
        regions = tasks.create_task(self._examiner.run(_regions, face, layers[Layer.SKIN]))
        asking = tasks.create_task(self._ask(srgb, header, face, layers[Layer.SKIN].pixels))
        pictures = _pictures(srgb, layers, folder)
        tasks.create_task(self._draw(pictures))
        layers, answers = {**layers, **await mapping}, await asking
        marked = as_layers({layer: pixels for one in answers for layer, pixels in one.layers.items()})
        pictures.extend(_layer_pictures({**await mapping, **marked}, folder))
        measures = [measure for one in answers for measure in one.outcome.measures]
        found = await self._examiner.measure({**layers, **marked}, frame, srgb, face, trained=measures)
        identity, photo, quality = await recording
        await self._objects(identity, photo, quality, layers, found, skin_by, folder)
        await self._draw(pictures)
        return self._result(photograph.path, header, face, quality, await regions, found, skin_by)

    async def _segmented(
        self, srgb: Srgb, face: Face | None, seen: Layers
    ) -> tuple[Face | None, Layers, str]:
        """The face with its landmarks, the layers with the segmenter's skin, and whose skin it is."""
        trained = self._examiner.trained
        by = trained.method(COLOUR_SKIN)
        if face is None:
            return face, seen, by
        try:
            found = await trained.segment(srgb, face)
        except InferenceError:
            return face, seen, by
        if found is None:
            return face, seen, by
        return found[1], {**seen, **as_layers({Layer.SKIN: found[0]})}, trained.method(SEGMENTER)

    async def _ask(
        self, srgb: Srgb, header: FrameHeader, face: Face | None, skin: Srgb
    ) -> list[MappedOutcome]:
        """What trained models tell of a photograph; what they cannot tell of it, with the reason."""
        trained = self._examiner.trained
        asked = {
            "severity": trained.severity(srgb, face, skin),
            "acne": trained.acne(srgb, skin),
            "conditions": trained.conditions(srgb, header, face, skin),
        }
        found = [await _or_none(group, answer) for group, answer in asked.items()]
        return [*found, *(no_result(group, reason) for group, reason in UNCONTROLLED_LACKS.items())]

    async def _draw(self, pictures: deque[Picture]) -> None:
        """What is left of them, one after the other: while objects are made, one thread stays free for those."""
        while pictures:
            await self._examiner.run(pictures.popleft())

    async def _photo(
        self, photograph: Photograph, frame: Frame, face: Face | None, folder: Path
    ) -> tuple[Identity, Dataset, QualityReport]:
        run = self._examiner.run
        quality = await self._examiner.judge(frame, face, recipe=UNCONTROLLED)
        identity = _identity(photograph, frame.header)
        photo = await run(self._maker.photo, identity, photograph.srgb, quality, photograph.jpeg)
        await run(_write_object, folder / "photo.dcm", photo)
        return identity, photo, quality

    async def _objects(
        self,
        identity: Identity,
        photo: Dataset,
        quality: QualityReport,
        layers: Layers,
        found: Examination,
        skin_by: str,
        folder: Path,
    ) -> None:
        run = self._examiner.run
        segmentation = await run(self._maker.segmentation, identity, photo, layers, found, skin_by=skin_by)
        await run(_write_object, folder / "seg.dcm", segmentation)
        report = await run(self._maker.report, identity, photo, segmentation, found, quality)
        await run(_write_object, folder / "report.dcm", report)

    def _result(
        self,
        path: Path,
        header: FrameHeader,
        face: Face | None,
        quality: QualityReport,
        regions: Sequence[dict[str, Any]],
        found: Examination,
        skin_by: str,
    ) -> dict[str, Any]:
        return {
            "image": str(path),
            "width": header.width,
            "height": header.height,
            "faces": [] if face is None else [_face(face)],
            "skin_by": skin_by,
            "message": "" if face is not None else "no face was found: only the quality was examined",
            "quality": msgspec.to_builtins(quality),
            "regions": regions,
            "measures": [msgspec.to_builtins(measure) for measure in found.measures],
            "findings": [_finding(finding) for finding in found.findings],
            "models": [
                {"name": model.name, "version": model.version, "sha256": model.sha256}
                for model in self._models
            ],
            "notice": f"{NO_CLINICAL_VALIDATION} {REFERENCE_WEIGHTS}",
        }


def read_photograph(path: Path) -> Photograph:
    """The picture in a JPEG, PNG, TIFF or DICOM file; raises `BadImage` that says what is wrong."""
    try:
        if not path.is_file():
            raise BadImage(f"{path.name} is not a file")
        with path.open("rb") as file:
            head = file.read(132)
        if head[128:132] == b"DICM":
            photo = read_photo(path)
            return Photograph(path, photo.srgb, photo.lossy, origin=photo.origin)
        srgb = read_picture(path)
        jpeg = path.read_bytes() if head[:2] == b"\xff\xd8" else None
        return Photograph(path, srgb, lossy=jpeg is not None, jpeg=jpeg)
    except (BadPicture, OSError) as error:
        raise BadImage(str(error)) from error


def _header(photograph: Photograph) -> FrameHeader:
    height, width = photograph.srgb.shape[:2]
    return FrameHeader(frame_id=0, width=width, height=height, light=Light.UNCONTROLLED)


def _identity(photograph: Photograph, header: FrameHeader) -> Identity:
    """Series and instances are new, whatever the study: a photograph may be examined many times."""
    made = new_uid()
    origin = photograph.origin or Origin(
        patient=Patient(), study_instance_uid=made, study_at=None, words=StudyWords()
    )
    return Identity(
        patient=origin.patient,
        study_instance_uid=origin.study_instance_uid,
        series_instance_uid=derived_uid(made, "photo series"),
        sop_instance_uid=derived_uid(made, "photo"),
        series_number=1,
        instance_number=1,
        header=header,
        study_at=origin.study_at or datetime.fromtimestamp(time.time(), UTC),
        study=origin.words,
        lossy=photograph.lossy,
    )


def _pictures(srgb: Srgb, seen: Layers, folder: Path) -> deque[Picture]:
    return deque([partial(_write_overlay, folder, srgb, seen), *_layer_pictures(seen, folder)])


def _layer_pictures(layers: Layers, folder: Path) -> list[Picture]:
    return [partial(_write_layer, folder, layer, found.pixels) for layer, found in layers.items()]


def _write_layer(folder: Path, layer: Layer, pixels: Srgb) -> None:
    _write(folder / "layers" / f"{layer.value}.png", encode_layer(layer, pixels))


def _write_overlay(folder: Path, srgb: Srgb, layers: Layers) -> None:
    shown = (Layer.SKIN, Layer.REDNESS, Layer.REFLECTION)
    picture = render(
        srgb, {layer: layers[layer].pixels for layer in shown}, shown=shown, opacity=OVERLAY_OPACITY
    )
    _write(folder / "overlay.png", encode_png(picture))


def _write_object(path: Path, dataset: Dataset) -> None:
    _write(path, encoded(dataset))


def _write(path: Path, data: bytes | memoryview) -> None:
    """Whole or not at all, but not waiting for the disk: results can be made again of their photograph."""
    with partial_file(path) as partial:
        partial.write_bytes(data)
        partial.replace(path)


def _make_folders(folder: Path) -> None:
    (folder / "layers").mkdir(parents=True, exist_ok=True)


async def _or_none(group: str, answer: Coroutine[Any, Any, MappedOutcome]) -> MappedOutcome:
    """A model that fails leaves the others' results standing."""
    try:
        return await answer
    except InferenceError:
        return no_result(group, FAILED)


def _face(face: Face) -> dict[str, Any]:
    found: dict[str, Any] = {"box": _box(face.box), "source": face.source}
    if face.landmarks:
        found["landmarks"] = [msgspec.structs.asdict(each) for each in face.landmarks]
    if face.pose is not None:
        found["pose"] = msgspec.to_builtins(face.pose)
    return found


def _box(box: Box) -> dict[str, int]:
    return {"x": box.x, "y": box.y, "width": box.width, "height": box.height}


def _regions(face: Face | None, skin: LayerMap) -> list[dict[str, Any]]:
    if face is None:
        return []
    found = face_regions(face, skin.pixels, skin.pixels.shape)
    return [{"name": name, **_extent(mask)} for name, mask in found.items()]


def _extent(mask: np.ndarray[Any, Any]) -> dict[str, Any]:
    x, y, width, height = cv2.boundingRect(mask.view(np.uint8))
    return {"box": _box(Box(x, y, width, height)), "pixels": int(np.count_nonzero(mask))}


def _finding(finding: Any) -> dict[str, Any]:
    return {
        "label": finding.label,
        "region": finding.region,
        "tracking_id": finding.tracking_id,
        "measures": [msgspec.to_builtins(measure) for measure in finding.measures],
    }
