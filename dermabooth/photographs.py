"""A user's own photograph through the pipeline: read, examined, written as pictures, JSON and DICOM."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import msgspec
import numpy as np
from pydicom.dataset import Dataset

from server.analysis import face_regions
from server.dicom import read_photo, write
from server.durable import commit, partial_file
from server.errors import BadImage
from server.inference import ModelInfo
from server.overlay import render
from server.pipeline import Examiner, Identity, Layers, ObjectMaker, Skin, Srgb, encode_layer, encode_png
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


@dataclass(frozen=True)
class Photograph:
    """A picture from elsewhere."""

    path: Path
    srgb: Srgb
    lossy: bool
    """The pixels came out of a lossy codec."""
    jpeg: bytes | None = None
    """The file itself where it is a JPEG; it goes into the DICOM photo untouched."""


class PhotographExaminer:
    """Examines photographs and writes what was found; `models` are named in every result."""

    def __init__(self, examiner: Examiner, maker: ObjectMaker, models: Sequence[ModelInfo]) -> None:
        self._examiner = examiner
        self._maker = maker
        self._models = models

    async def examine(self, path: Path, folder: Path) -> dict[str, Any]:
        """Write everything about one photograph into `folder`; the content of its `result.json`.

        Raises `BadImage` for a file that cannot be used, `InferenceUnavailable` if Triton is away.
        """
        run = self._examiner.run
        photograph = await run(read_photograph, path)
        srgb, header = photograph.srgb, _header(photograph)
        frame = Frame(header, srgb)
        await run(_make_folders, folder)
        face = await self._examiner.find_face(srgb)
        # The quality record goes into the photo and the photo into no measure: both wait for nothing but the face.
        photo_task = asyncio.create_task(self._photo(photograph, frame, face, folder))
        try:
            layers = await self._examiner.map_layers(frame, srgb, face)
            pictures = asyncio.gather(*_pictures(run, folder, srgb, layers))
            skin = await self._examiner.measure(layers, frame, srgb, face)
            identity, photo, quality = await photo_task
            await self._objects(identity, photo, quality, layers, skin, folder)
            await pictures
        finally:
            photo_task.cancel()
            await asyncio.gather(photo_task, return_exceptions=True)
        result = self._result(path, header, face, quality, layers, skin)
        await run(_write, folder / "result.json", msgspec.json.format(msgspec.json.encode(result), indent=2))
        return result

    async def _photo(
        self, photograph: Photograph, frame: Frame, face: Face | None, folder: Path
    ) -> tuple[Identity, Dataset, QualityReport]:
        quality = await self._examiner.judge(frame, face, recipe=UNCONTROLLED)
        identity = _identity(photograph, frame.header)
        photo = await self._examiner.run(
            self._maker.photo, identity, photograph.srgb, quality, photograph.jpeg
        )
        await self._examiner.run(write, photo, folder / "photo.dcm")
        return identity, photo, quality

    async def _objects(
        self,
        identity: Identity,
        photo: Dataset,
        quality: QualityReport,
        layers: Layers,
        skin: Skin,
        folder: Path,
    ) -> None:
        run = self._examiner.run
        segmentation = await run(self._maker.segmentation, identity, photo, layers, skin)
        saving = asyncio.create_task(run(write, segmentation, folder / "seg.dcm"))
        report = await run(self._maker.report, identity, photo, segmentation, skin, quality)
        await run(write, report, folder / "report.dcm")
        await saving

    def _result(
        self,
        path: Path,
        header: FrameHeader,
        face: Face | None,
        quality: QualityReport,
        layers: Layers,
        skin: Skin,
    ) -> dict[str, Any]:
        found = (
            {}
            if face is None
            else face_regions(face, layers[Layer.SKIN].pixels, (header.height, header.width))
        )
        return {
            "image": str(path),
            "width": header.width,
            "height": header.height,
            "faces": [] if face is None else [{"box": _box(face.box)}],
            "message": "" if face is not None else "no face was found: only the quality was examined",
            "quality": msgspec.to_builtins(quality),
            "regions": [{"name": name, **_extent(mask)} for name, mask in found.items()],
            "measures": [msgspec.to_builtins(measure) for measure in skin.measures],
            "findings": [_finding(finding) for finding in skin.findings],
            "models": [
                {"name": model.name, "version": model.version, "sha256": model.sha256}
                for model in self._models
            ],
            "notice": "Not a medical device; agreement with clinicians is not established.",
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
            return Photograph(path, photo.srgb, photo.lossy)
        srgb = read_picture(path)
        jpeg = path.read_bytes() if head[:2] == b"\xff\xd8" else None
        return Photograph(path, srgb, lossy=jpeg is not None, jpeg=jpeg)
    except (BadPicture, OSError) as error:
        raise BadImage(str(error)) from error


def _header(photograph: Photograph) -> FrameHeader:
    height, width = photograph.srgb.shape[:2]
    return FrameHeader(frame_id=0, width=width, height=height, light=Light.UNCONTROLLED)


def _identity(photograph: Photograph, header: FrameHeader) -> Identity:
    study = new_uid()
    return Identity(
        patient=Patient(),
        study_instance_uid=study,
        series_instance_uid=derived_uid(study, "photo series"),
        sop_instance_uid=derived_uid(study, "photo"),
        series_number=1,
        instance_number=1,
        header=header,
        study_at=datetime.fromtimestamp(time.time(), UTC),
        lossy=photograph.lossy,
    )


def _pictures(
    run: Callable[..., Awaitable[None]], folder: Path, srgb: Srgb, layers: Layers
) -> list[Awaitable[None]]:
    jobs = [run(_write_layer, folder, layer, found.pixels) for layer, found in layers.items()]
    return [run(_write_overlay, folder, srgb, layers), *jobs]


def _write_layer(folder: Path, layer: Layer, pixels: Srgb) -> None:
    _write(folder / "layers" / f"{layer.value}.png", encode_layer(layer, pixels))


def _write_overlay(folder: Path, srgb: Srgb, layers: Layers) -> None:
    shown = (Layer.SKIN, Layer.REDNESS, Layer.REFLECTION)
    picture = render(
        srgb, {layer: layers[layer].pixels for layer in shown}, shown=shown, opacity=OVERLAY_OPACITY
    )
    bgr = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), np.uint8)
    _write(folder / "overlay.png", encode_png(bgr))


def _write(path: Path, data: bytes) -> None:
    with partial_file(path) as partial:
        partial.write_bytes(data)
        commit(partial, path)


def _make_folders(folder: Path) -> None:
    (folder / "layers").mkdir(parents=True, exist_ok=True)


def _box(box: Box) -> dict[str, int]:
    return {"x": box.x, "y": box.y, "width": box.width, "height": box.height}


def _extent(mask: np.ndarray[Any, Any]) -> dict[str, Any]:
    x, y, width, height = cv2.boundingRect(mask.astype(np.uint8))
    return {"box": _box(Box(x, y, width, height)), "pixels": int(np.count_nonzero(mask))}


def _finding(finding: Any) -> dict[str, Any]:
    return {
        "label": finding.label,
        "region": finding.region,
        "tracking_id": finding.tracking_id,
        "measures": [msgspec.to_builtins(measure) for measure in finding.measures],
    }
