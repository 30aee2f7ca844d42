"""The steps of a still, as one list. Every step may be repeated: it finds what an earlier try left and keeps it."""

import hashlib
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import cv2
from pydicom.dataset import Dataset

from server.dicom import prove_photo, read_header, write
from server.errors import BadImage
from server.pipeline.examination import Skin
from server.pipeline.objects import Identity, ObjectMaker
from server.pipeline.workbench import Workbench, developed_header, encode_layer
from server.pipeline.worker import NotYet, Step
from server.store import Instance, StepResult, Still, Visit, WorkState
from station.protocol import Face, Frame, Light

STEPS = ("face", "quality", "inference", "findings", "photo", "segmentation", "report", "release", "tidy")
"""What is done with every still, in order."""
NEEDS = {
    "findings": ("inference",),
    "segmentation": ("findings", "photo"),
    "report": ("segmentation",),
    "release": ("photo",),
}
"""What a step cannot do without; with anything else missing it does what it can."""
PATIENCE_S = 3600.0
"""How long a still waits for another light of its view, if its booth does not say that there will be none."""

RENDITION_SIDE = 1600


class StillSteps:
    """The steps, bound to one workbench."""

    def __init__(self, bench: Workbench, maker: ObjectMaker) -> None:
        self._bench = bench
        self._store = bench.store
        self._archive = bench.archive
        self._examiner = bench.examiner
        self._maker = maker

    def by_name(self) -> Mapping[str, Step]:
        """Every step of `STEPS`."""
        return {name: getattr(self, name) for name in STEPS}

    async def face(self, still: Still) -> StepResult:
        """Find the face under white light; the other lights of the view take it over."""
        white = await self._twin(still, Light.WHITE)
        if white is None or await self._given_up(white, "face"):
            face = await self._examiner.find_face(await self._bench.srgb(still))
            return StepResult(face_sought=True, face=face)
        if not white.face_sought:
            raise NotYet("the white picture of this view is not looked at yet")
        carried = None if white.face is None else Face(box=white.face.box, source="carried")
        return StepResult(face_sought=True, face=carried)

    async def quality(self, still: Still) -> StepResult:
        """The verdict on the capture, from lossless pixels."""
        frame = await self._bench.frame(still)
        visit = await self._store.visit(still.study_instance_uid)
        pair = await self._cross_frame(still)
        report = await self._examiner.judge(frame, still.face, recipe=visit.protocol.recipe.name, pair=pair)
        return StepResult(quality=report)

    async def inference(self, still: Still) -> StepResult:
        """A small picture for pages, which needs no Triton; then the maps, written as layers."""
        frame, srgb = await self._bench.frame(still), await self._bench.srgb(still)
        await self._examiner.run(self._write_rendition, still, srgb)
        layers = await self._examiner.map_layers(frame, srgb, still.face)
        for layer, found in layers.items():
            path = self._archive.layer(still.study_instance_uid, still.sop_instance_uid, layer.value)
            data = await self._examiner.run(encode_layer, layer, found.pixels)
            await self._examiner.run(self._archive.write, path, data)
        self._bench.held(still).layers = layers
        return StepResult()

    async def findings(self, still: Still) -> StepResult:
        """The measures."""
        return StepResult(measures=(await self._skin(still)).measures)

    async def photo(self, still: Still) -> StepResult:
        """The DICOM photo."""
        path = self._archive.photo(still.study_instance_uid, still.sop_instance_uid)
        if not await self._examiner.run(_holds, path, still.sop_instance_uid):
            srgb, identity = await self._bench.srgb(still), await self._identity(still)
            photo = await self._examiner.run(self._maker.photo, identity, srgb, still.quality)
            await self._examiner.run(write, photo, path)
        return await self._entered(still, path)

    async def segmentation(self, still: Still) -> StepResult:
        """The DICOM segmentation."""
        path = self._archive.segmentation(still.study_instance_uid, still.sop_instance_uid)
        if not await self._examiner.run(_holds, path, None):
            layers, skin = await self._bench.layers(still), await self._skin(still)
            identity, photo = await self._identity(still), await self._photo_header(still)
            built = await self._examiner.run(self._maker.segmentation, identity, photo, layers, skin)
            await self._examiner.run(write, built, path)
        return await self._entered(still, path)

    async def report(self, still: Still) -> StepResult:
        """The DICOM structured report."""
        path = self._archive.report(still.study_instance_uid, still.sop_instance_uid)
        if not await self._examiner.run(_holds, path, None):
            skin, identity = await self._skin(still), await self._identity(still)
            masks = self._archive.segmentation(still.study_instance_uid, still.sop_instance_uid)
            segmentation = await self._examiner.run(read_header, masks)
            photo = await self._photo_header(still)
            built = await self._examiner.run(
                self._maker.report, identity, photo, segmentation, skin, still.quality
            )
            await self._examiner.run(write, built, path)
        return await self._entered(still, path)

    async def release(self, still: Still) -> StepResult:
        """Need the transport bytes no longer once the photo is proved to hold the same; a deeper master stays."""
        if still.blob is None or still.header != developed_header(still.header):
            return StepResult()
        path = self._archive.photo(still.study_instance_uid, still.sop_instance_uid)
        pixels = (await self._bench.frame(still)).pixels
        archived = await prove_photo(path)
        if archived != await self._examiner.run(lambda: hashlib.sha256(pixels.data).hexdigest()):
            raise BadImage("the archived photo does not decode to the still's pixels; both are kept")
        return StepResult(blob_released=True)

    async def tidy(self, still: Still) -> StepResult:
        """Delete the transport bytes that the database no longer names, and what broken tries left."""
        await self._examiner.run(
            self._archive.tidy,
            still.study_instance_uid,
            still.sop_instance_uid,
            keep_blob=still.blob is not None,
        )
        return StepResult()

    # What the steps share

    async def _skin(self, still: Still) -> Skin:
        held = self._bench.held(still)
        if held.skin is None:
            layers, cross = await self._bench.layers(still), await self._cross_frame(still)
            frame, srgb = await self._bench.frame(still), await self._bench.srgb(still)
            held.skin = await self._examiner.measure(layers, frame, srgb, still.face, cross=cross)
        return held.skin

    async def _cross_frame(self, still: Still) -> Frame | None:
        if still.header.light is not Light.PARALLEL_POLARISED:
            return None
        cross = await self._twin(still, Light.CROSS_POLARISED)
        try:
            return None if cross is None else await self._bench.frame(cross)
        except BadImage:
            return None  # reported where it is the still itself

    async def _twin(self, still: Still, light: Light) -> Still | None:
        """The same view under another light; None if there will be none. Raises `NotYet` while it may come."""
        if still.header.light is light:
            return None
        visit = await self._store.visit(still.study_instance_uid)
        stills = await self._store.stills(still.study_instance_uid)
        for other in stills:
            if other.header.light is light and other.header.view is still.header.view:
                return other
        if _may_come(visit, stills, light) and time.time() < still.received_at + PATIENCE_S:
            raise NotYet(f"the {light.value} picture of this view has not arrived")
        return None

    async def _given_up(self, still: Still, step: str) -> bool:
        return any(
            (status.sop_instance_uid, status.step, status.state)
            == (still.sop_instance_uid, step, WorkState.FAILED)
            for status in await self._store.work(still.study_instance_uid)
        )

    async def _identity(self, still: Still) -> Identity:
        visit = await self._store.visit(still.study_instance_uid)
        return Identity(
            patient=visit.patient,
            study_instance_uid=still.study_instance_uid,
            series_instance_uid=still.series_instance_uid,
            sop_instance_uid=still.sop_instance_uid,
            series_number=still.series_number,
            instance_number=still.instance_number,
            header=still.header,
            study_at=datetime.fromtimestamp(visit.opened_at, UTC),
            station_name=visit.booth_id,
            protocol_name=visit.protocol.name,
        )

    async def _photo_header(self, still: Still) -> Dataset:
        path = self._archive.photo(still.study_instance_uid, still.sop_instance_uid)
        return await self._examiner.run(read_header, path)

    async def _entered(self, still: Still, path: Path) -> StepResult:
        return StepResult(instances=(await self._examiner.run(self._entry, still, path),))

    def _entry(self, still: Still, path: Path) -> Instance:
        made = read_header(path)
        return Instance(
            sop_instance_uid=str(made.SOPInstanceUID),
            still_uid=still.sop_instance_uid,
            study_instance_uid=str(made.StudyInstanceUID),
            series_instance_uid=str(made.SeriesInstanceUID),
            sop_class_uid=str(made.SOPClassUID),
            modality=str(made.Modality),
            path=self._archive.relative(path),
            sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
            created_at=time.time(),
        )

    def _write_rendition(self, still: Still, srgb: cv2.typing.MatLike) -> None:
        path = self._archive.rendition(still.study_instance_uid, still.sop_instance_uid)
        if path.is_file():
            return
        scale = min(1.0, RENDITION_SIDE / max(srgb.shape[:2]))
        small = (
            srgb if scale == 1 else cv2.resize(srgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        )
        ok, data = cv2.imencode(
            ".jpg", cv2.cvtColor(small, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 90]
        )
        assert ok
        self._archive.write(path, data.tobytes())


def _may_come(visit: Visit, stills: list[Still], light: Light) -> bool:
    if light not in {step.light for step in visit.protocol.recipe.steps}:
        return False
    if visit.complete is None:
        return True
    return bool(set(visit.expected) - {still.sop_instance_uid for still in stills})


def _holds(path: Path, sop_instance_uid: str | None) -> bool:
    """Whether an earlier try left a whole object there; files appear whole, so one that reads is whole."""
    if not path.is_file():
        return False
    found = read_header(path)
    return sop_instance_uid is None or str(found.SOPInstanceUID) == sop_instance_uid
