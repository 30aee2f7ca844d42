"""The steps that make a still's DICOM objects, and let go of what they replace.

A step that finds its file whole in the archive enters it as it is: an earlier try was cut off after writing it.
"""

import hashlib
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from pydicom.dataset import Dataset

from server.analysis import face_regions
from server.config import ObjectsConfig
from server.dicom import object_kind, prove_photo, read_header, write
from server.errors import BadImage
from server.pipeline.examination import Examination
from server.pipeline.heat import HeatMap, heat_maps
from server.pipeline.objects import Identity, ObjectMaker
from server.pipeline.outcome import Outcome
from server.pipeline.workbench import Workbench, developed_header
from server.pipeline.worker import Step
from server.store import Instance, StepResult, Still
from station.protocol import derived_uid

OBJECT_STEPS = ("photo", "segmentation", "heat_maps", "report", "overlay", "release", "tidy")


class ObjectSteps:
    """The steps, bound to one workbench; `examined` gives all that was found about a still."""

    def __init__(
        self,
        bench: Workbench,
        maker: ObjectMaker,
        wanted: ObjectsConfig,
        examined: Callable[[Still], Awaitable[Examination]],
    ) -> None:
        self._bench = bench
        self._store = bench.store
        self._archive = bench.archive
        self._run = bench.examiner.run
        self._maker = maker
        self._wanted = wanted
        self._examined = examined

    def by_name(self) -> Mapping[str, Step]:
        """The steps under their names in the list."""
        return {name: getattr(self, name) for name in OBJECT_STEPS}

    async def photo(self, still: Still) -> StepResult:
        """The DICOM photo."""
        path = self._archive.photo(still.study_instance_uid, still.sop_instance_uid)
        if not await self._run(_holds, path, still.sop_instance_uid):
            srgb, identity = await self._bench.srgb(still), await self._identity(still)
            photo = await self._run(self._maker.photo, identity, srgb, still.quality)
            await self._run(write, photo, path)
        return await self._entered(still, path)

    async def segmentation(self, still: Still) -> StepResult:
        """The DICOM segmentation, and where it is wanted the parts of the face as a label map."""
        path = self._archive.segmentation(still.study_instance_uid, still.sop_instance_uid)
        if not await self._run(_holds, path, None):
            layers, found = await self._bench.layers(still), await self._examined(still)
            identity, photo = await self._identity(still), await self._photo_header(still)
            by = (await self._bench.outcome(still, "skin") or Outcome()).model
            built = await self._run(self._maker.segmentation, identity, photo, layers, found, skin_by=by)
            await self._run(write, built, path)
        if self._wanted.label_map and (parts := await self._parts(still)):
            return await self._entered(still, path, parts)
        return await self._entered(still, path)

    async def heat_maps(self, still: Still) -> StepResult:
        """The heat maps of models as a DICOM segmentation, if there are any."""
        path = self._archive.heat_maps(still.study_instance_uid, still.sop_instance_uid)
        if not await self._run(_holds, path, None):
            found = await self._heat(still) if self._wanted.heat_maps else ()
            if not found:
                return StepResult()
            identity, photo = await self._identity(still), await self._photo_header(still)
            built = await self._run(self._maker.heat_maps, identity, photo, found)
            await self._run(write, built, path)
        return await self._entered(still, path)

    async def report(self, still: Still) -> StepResult:
        """The DICOM structured report."""
        path = self._archive.report(still.study_instance_uid, still.sop_instance_uid)
        if not await self._run(_holds, path, None):
            found, identity = await self._examined(still), await self._identity(still)
            masks = self._archive.segmentation(still.study_instance_uid, still.sop_instance_uid)
            segmentation = await self._run(read_header, masks)
            photo = await self._photo_header(still)
            built = await self._run(
                self._maker.report,
                identity,
                photo,
                segmentation,
                found,
                still.quality,
                heat=await self._heat_object(still),
            )
            await self._run(write, built, path)
        return await self._entered(still, path)

    async def overlay(self, still: Still) -> StepResult:
        """The DICOM picture with the findings drawn on it."""
        path = self._archive.overlay(still.study_instance_uid, still.sop_instance_uid)
        if not await self._run(_holds, path, None):
            if not self._wanted.overlay:
                return StepResult()
            srgb, skin = await self._bench.srgb(still), await self._bench.skin(still)
            findings = (await self._examined(still)).findings
            identity, photo = await self._identity(still), await self._photo_header(still)
            built = await self._run(self._maker.overlay, identity, photo, srgb, skin, findings)
            await self._run(write, built, path)
        return await self._entered(still, path)

    async def release(self, still: Still) -> StepResult:
        """Need the transport bytes no longer once the photo is proved to hold the same; a deeper master stays.

        Raises `BadImage` if it does not: both are kept.
        """
        if still.blob is None or still.header != developed_header(still.header):
            return StepResult()
        path = self._archive.photo(still.study_instance_uid, still.sop_instance_uid)
        pixels = (await self._bench.frame(still)).pixels
        archived = await prove_photo(path)
        if archived != await self._run(lambda: hashlib.sha256(pixels.data).hexdigest()):
            raise BadImage("the archived photo does not decode to the still's pixels; both are kept")
        return StepResult(blob_released=True)

    async def tidy(self, still: Still) -> StepResult:
        """Delete the transport bytes that the database no longer names, and what broken tries left."""
        await self._run(
            self._archive.tidy,
            still.study_instance_uid,
            still.sop_instance_uid,
            keep_blob=still.blob is not None,
        )
        return StepResult()

    # What the steps share

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
        if not await self._run(_holds, path, None):
            skin, identity = await self._bench.skin(still), await self._identity(still)
            if still.face is None:
                return None
            regions = await self._run(face_regions, still.face, skin, skin.shape)
            if len(regions) < 2:
                return None
            photo = await self._photo_header(still)
            built = await self._run(self._maker.parts, identity, photo, regions)
            await self._run(write, built, path)
        return path

    async def _heat(self, still: Still) -> tuple[HeatMap, ...]:
        found = await self._examined(still)
        return heat_maps(await self._bench.layers(still), found.measures, still.header)

    async def _heat_object(self, still: Still) -> tuple[Dataset, tuple[HeatMap, ...]] | None:
        """The heat maps that the archive holds; None where their step found none or was given up."""
        path = self._archive.heat_maps(still.study_instance_uid, still.sop_instance_uid)
        entered = {one.path for one in await self._store.instances(still.study_instance_uid)}
        if self._archive.relative(path) not in entered:
            return None
        return await self._run(read_header, path), await self._heat(still)

    async def _photo_header(self, still: Still) -> Dataset:
        path = self._archive.photo(still.study_instance_uid, still.sop_instance_uid)
        return await self._run(read_header, path)

    async def _entered(self, still: Still, *paths: Path) -> StepResult:
        entries = [await self._run(self._entry, still, path) for path in paths]
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


def _holds(path: Path, sop_instance_uid: str | None) -> bool:
    """Whether an earlier try left a whole object there; files appear whole, so one that reads is whole."""
    if not path.is_file():
        return False
    found = read_header(path)
    return sop_instance_uid is None or str(found.SOPInstanceUID) == sop_instance_uid
