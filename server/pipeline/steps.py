"""The steps of a still, as one list. Every step may be repeated: it finds what an earlier try left and keeps it."""

import hashlib
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from pydicom.dataset import Dataset

from server.analysis import LayerMap, face_regions
from server.config import ObjectsConfig
from server.dicom import object_kind, prove_photo, read_header, write
from server.errors import BadImage, InferenceUnavailable
from server.pipeline.examination import Skin, as_layers
from server.pipeline.heat import HeatMap, heat_maps
from server.pipeline.objects import COLOUR_SKIN, Identity, ObjectMaker
from server.pipeline.told import Outcome, Told, out_of_range
from server.pipeline.trained_steps import TRAINED, TrainedSteps
from server.pipeline.twins import Twins
from server.pipeline.workbench import Workbench, developed_header
from server.pipeline.worker import NotYet, Step
from server.store import Instance, StepResult, Still
from station.protocol import Face, Frame, Layer, Light, derived_uid

STEPS = (
    *("face", "quality", "skin", "inference"),
    *TRAINED,
    *("findings", "photo", "segmentation", "heat_maps", "report", "overlay", "release", "tidy"),
)
"""What is done with every still, in order."""
VERDICT_STEPS = frozenset({"face", "quality"})
"""What the verdict on a capture takes: while the operator waits, a worker of its own does nothing else."""
FIRST_STEPS = frozenset({"skin", "inference"})
"""What the first layers take; of several stills these come before anything later."""
NEEDS = {
    "findings": ("inference",),
    "segmentation": ("findings", "photo"),
    "heat_maps": ("findings", "photo"),
    "report": ("segmentation",),
    "overlay": ("findings", "photo"),
    "release": ("photo",),
}
"""What a step cannot do without; with anything else missing it does what it can."""
OF_FACES = frozenset({"inference", *TRAINED, "segmentation", "heat_maps", "report", "overlay"})
"""What is not done with a picture through a dermoscope: the models and measures know whole faces alone."""
SECOND_LOOK_S = 20.0
"""How long a still without a face that the cascade finds waits for the segmenter of a Triton that is away."""


class StillSteps:
    """The steps, bound to one workbench."""

    def __init__(
        self,
        bench: Workbench,
        maker: ObjectMaker,
        wanted: ObjectsConfig = ObjectsConfig(),  # noqa: B008
    ) -> None:
        self._bench = bench
        self._store = bench.store
        self._archive = bench.archive
        self._examiner = bench.examiner
        self._maker = maker
        self._wanted = wanted
        self._twins = Twins(bench.store)
        self._trained = TrainedSteps(bench, self._twins)

    def by_name(self) -> Mapping[str, Step]:
        """Every step of `STEPS`."""
        steps = self._trained.by_name()
        every: dict[str, Step] = {name: steps.get(name) or getattr(self, name) for name in STEPS}
        return {name: _of_face(step) if name in OF_FACES else step for name, step in every.items()}

    async def face(self, still: Still) -> StepResult:
        """Find the face under white light; the other lights of the view take it over. A dermoscope shows none."""
        if still.header.dermoscope is not None:
            return StepResult(face_sought=True)
        white = await self._twins.find(still, Light.WHITE)
        if white is None or await self._twins.given_up(white, "face"):
            return StepResult(face_sought=True, face=await self._found(still))
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
        """The maps that need no training; where the segmenter found no skin, also the skin by its colour."""
        frame, srgb = await self._bench.frame(still), await self._bench.srgb(still)
        outcome = await self._bench.outcome(still, "skin") or Outcome()
        maps: dict[Layer, LayerMap] = {}
        if still.header.light is not Light.UV:
            maps = await self._examiner.map_layers(frame, srgb, still.face)
        if outcome.model:
            maps.pop(Layer.SKIN, None)
        elif Layer.SKIN in maps:
            outcome = Outcome(model=self._examiner.trained.method(COLOUR_SKIN))
        else:
            maps |= as_layers({Layer.SKIN: await self._bench.skin(still)})
        told = Told(outcome, {layer: found.pixels for layer, found in maps.items()})
        await self._bench.keep(still, "skin", told)
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
        """The DICOM segmentation, and where it is wanted the parts of the face as a label map."""
        path = self._archive.segmentation(still.study_instance_uid, still.sop_instance_uid)
        if not await self._examiner.run(_holds, path, None):
            layers, skin = await self._bench.layers(still), await self._skin(still)
            identity, photo = await self._identity(still), await self._photo_header(still)
            by = (await self._bench.outcome(still, "skin") or Outcome()).model
            built = await self._examiner.run(
                self._maker.segmentation, identity, photo, layers, skin, skin_by=by
            )
            await self._examiner.run(write, built, path)
        if self._wanted.label_map and (parts := await self._parts(still)):
            return await self._entered(still, path, parts)
        return await self._entered(still, path)

    async def heat_maps(self, still: Still) -> StepResult:
        """The heat maps of models as a DICOM segmentation, if there are any."""
        path = self._archive.heat_maps(still.study_instance_uid, still.sop_instance_uid)
        if not await self._examiner.run(_holds, path, None):
            found = await self._heat(still) if self._wanted.heat_maps else ()
            if not found:
                return StepResult()
            identity, photo = await self._identity(still), await self._photo_header(still)
            built = await self._examiner.run(self._maker.heat_maps, identity, photo, found)
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
                self._maker.report,
                identity,
                photo,
                segmentation,
                skin,
                still.quality,
                heat=await self._heat_object(still),
            )
            await self._examiner.run(write, built, path)
        return await self._entered(still, path)

    async def overlay(self, still: Still) -> StepResult:
        """The DICOM picture with the findings drawn on it."""
        path = self._archive.overlay(still.study_instance_uid, still.sop_instance_uid)
        if not await self._examiner.run(_holds, path, None):
            if not self._wanted.overlay:
                return StepResult()
            srgb, skin = await self._bench.srgb(still), await self._bench.skin(still)
            findings = (await self._skin(still)).findings
            identity, photo = await self._identity(still), await self._photo_header(still)
            built = await self._examiner.run(self._maker.overlay, identity, photo, srgb, skin, findings)
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

    async def _found(self, still: Still) -> Face | None:
        try:
            return await self._examiner.find_face(await self._bench.srgb(still))
        except InferenceUnavailable:
            if time.time() < still.received_at + SECOND_LOOK_S:
                raise
            return None

    async def _skin(self, still: Still) -> Skin:
        held = self._bench.held(still)
        if held.skin is None and still.header.dermoscope is not None:
            held.skin = Skin(out_of_range(), ())
        if held.skin is None:
            layers, cross = await self._bench.layers(still), await self._cross_frame(still)
            frame, srgb = await self._bench.frame(still), await self._bench.srgb(still)
            told = await self._trained.measures(still)
            held.skin = await self._examiner.measure(layers, frame, srgb, still.face, cross=cross, told=told)
        return held.skin

    async def _cross_frame(self, still: Still) -> Frame | None:
        if still.header.light is not Light.PARALLEL_POLARISED:
            return None
        cross = await self._twins.find(still, Light.CROSS_POLARISED)
        try:
            return None if cross is None else await self._bench.frame(cross)
        except BadImage:
            return None  # reported where it is the still itself

    async def _identity(self, still: Still) -> Identity:
        visit = await self._store.visit(still.study_instance_uid)
        moved, series = visit.study_now != still.study_instance_uid, still.series_instance_uid
        return Identity(
            patient=visit.patient,
            study_instance_uid=visit.study_now,
            series_instance_uid=derived_uid(series, visit.study_now) if moved else series,
            sop_instance_uid=still.sop_instance_uid,
            series_number=still.series_number,
            instance_number=still.instance_number,
            header=still.header,
            study_at=datetime.fromtimestamp(visit.opened_at, UTC),
            station_name=visit.booth_id,
            protocol_name=visit.protocol.name,
            conditions=visit.conditions,
            replaces=still.replaces,
            override=still.override,
            order=visit.order,
            site=visit.protocol.site,
        )

    async def _parts(self, still: Still) -> Path | None:
        """The label map; None without a face whose parts are in sight."""
        path = self._archive.parts(still.study_instance_uid, still.sop_instance_uid)
        if not await self._examiner.run(_holds, path, None):
            skin, identity = await self._bench.skin(still), await self._identity(still)
            if still.face is None:
                return None
            regions = await self._examiner.run(face_regions, still.face, skin, skin.shape)
            if len(regions) < 2:
                return None
            photo = await self._photo_header(still)
            built = await self._examiner.run(self._maker.parts, identity, photo, regions)
            await self._examiner.run(write, built, path)
        return path

    async def _heat(self, still: Still) -> tuple[HeatMap, ...]:
        skin = await self._skin(still)
        return heat_maps(await self._bench.layers(still), skin.measures, still.header)

    async def _heat_object(self, still: Still) -> tuple[Dataset, tuple[HeatMap, ...]] | None:
        """The heat maps that the archive holds; None where their step found none or was given up."""
        path = self._archive.heat_maps(still.study_instance_uid, still.sop_instance_uid)
        entered = {one.path for one in await self._store.instances(still.study_instance_uid)}
        if self._archive.relative(path) not in entered:
            return None
        return await self._examiner.run(read_header, path), await self._heat(still)

    async def _photo_header(self, still: Still) -> Dataset:
        path = self._archive.photo(still.study_instance_uid, still.sop_instance_uid)
        return await self._examiner.run(read_header, path)

    async def _entered(self, still: Still, *paths: Path) -> StepResult:
        entries = [await self._examiner.run(self._entry, still, path) for path in paths]
        return StepResult(instances=tuple(entries))

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
            kind=object_kind(made),
        )


def _of_face(step: Step) -> Step:
    """The step, left out for a picture through a dermoscope."""

    async def of_face(still: Still) -> StepResult:
        return StepResult() if still.header.dermoscope is not None else await step(still)

    return of_face


def _holds(path: Path, sop_instance_uid: str | None) -> bool:
    """Whether an earlier try left a whole object there; files appear whole, so one that reads is whole."""
    if not path.is_file():
        return False
    found = read_header(path)
    return sop_instance_uid is None or str(found.SOPInstanceUID) == sop_instance_uid
