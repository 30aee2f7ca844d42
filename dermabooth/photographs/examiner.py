"""A user's own photograph through the pipeline: read, examined, written as pictures, JSON and DICOM."""

import asyncio
from collections import deque
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any

import msgspec
from pydicom.dataset import Dataset

from dermabooth.photographs.files import Picture, layer_pictures, make_folders, pictures, write, write_object
from dermabooth.photographs.reading import Photograph, header_of, identity_of, read_photograph
from dermabooth.photographs.result import Found, regions_of, result
from server.errors import InferenceError
from server.inference import SEGMENTER, ModelInfo
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
    no_result,
)
from station.protocol import Face, Frame, FrameHeader, Layer, QualityReport
from station.quality import UNCONTROLLED


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
        await self._examiner.run(make_folders, folder)
        try:
            async with asyncio.TaskGroup() as tasks:
                told = await self._examine(photograph, folder, tasks)
        except ExceptionGroup as group:
            raise group.exceptions[0] from group
        data = msgspec.json.format(msgspec.json.encode(told), indent=2)
        await self._examiner.run(write, folder / "result.json", data)
        return told

    async def _examine(
        self, photograph: Photograph, folder: Path, tasks: asyncio.TaskGroup
    ) -> dict[str, Any]:
        """Begins each thing as soon as what it needs is there: while Triton works on one core, the other has work too."""
        srgb, header = photograph.srgb, header_of(photograph)
        frame = Frame(header, srgb)
        mapping = tasks.create_task(self._examiner.map_pigments(frame, srgb))
        face = await self._examiner.find_face(srgb)
        recording = tasks.create_task(self._photo(photograph, frame, face, folder))
        seen = await self._examiner.map_face(srgb, face)
        face, layers, skin_by = await self._segmented(srgb, face, seen)
        regions = tasks.create_task(self._examiner.run(regions_of, face, layers[Layer.SKIN]))
        asking = tasks.create_task(self._ask(srgb, header, face, layers[Layer.SKIN].pixels))
        waiting = pictures(srgb, layers, folder)
        tasks.create_task(self._draw(waiting))
        layers, answers = {**layers, **await mapping}, await asking
        marked = as_layers({layer: pixels for one in answers for layer, pixels in one.layers.items()})
        waiting.extend(layer_pictures({**await mapping, **marked}, folder))
        measures = [measure for one in answers for measure in one.outcome.measures]
        found = await self._examiner.measure({**layers, **marked}, frame, srgb, face, trained=measures)
        identity, photo, quality = await recording
        await self._objects(identity, photo, quality, layers, found, skin_by, folder)
        await self._draw(waiting)
        told = Found(header, face, quality, await regions, found, skin_by)
        return result(photograph.path, told, self._models)

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

    async def _draw(self, waiting: deque[Picture]) -> None:
        """What is left of them, one after the other: while objects are made, one thread stays free for those."""
        while waiting:
            await self._examiner.run(waiting.popleft())

    async def _photo(
        self, photograph: Photograph, frame: Frame, face: Face | None, folder: Path
    ) -> tuple[Identity, Dataset, QualityReport]:
        run = self._examiner.run
        quality = await self._examiner.judge(frame, face, recipe=UNCONTROLLED)
        identity = identity_of(photograph, frame.header)
        photo = await run(self._maker.photo, identity, photograph.srgb, quality, photograph.jpeg)
        await run(write_object, folder / "photo.dcm", photo)
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
        await run(write_object, folder / "seg.dcm", segmentation)
        report = await run(self._maker.report, identity, photo, segmentation, found, quality)
        await run(write_object, folder / "report.dcm", report)


async def _or_none(group: str, answer: Coroutine[Any, Any, MappedOutcome]) -> MappedOutcome:
    """A model that fails leaves the others' results standing."""
    try:
        return await answer
    except InferenceError:
        return no_result(group, FAILED)
