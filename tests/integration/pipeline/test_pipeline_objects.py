"""Which objects are made of a still is configured, and nothing that was not asked for is there."""

from collections import Counter

import pytest

from server.config import ObjectsConfig
from server.dicom import LABEL_MAP_SEGMENTATION_STORAGE, read_header
from station.protocol import Light
from tests.fixtures.pipelines import Opener
from tests.fixtures.visits import plan_visit

pytestmark = pytest.mark.integration


async def test_objects_are_made_as_configured(pipeline: Opener, small_triton_url: str) -> None:
    for objects, expected in (
        (ObjectsConfig(heat_maps=False, overlay=False), ["photo", "report", "segmentation"]),
        (
            ObjectsConfig(label_map=True),
            ["heat_map", "overlay", "photo", "report", "segmentation", "segmentation"],
        ),
    ):
        visit = plan_visit(8, [Light.WHITE])
        async with pipeline(small_triton_url, objects=objects) as room:
            await room.open(visit)
            await room.arrive(visit, Light.WHITE)
            await room.close(visit)
            await room.ended_all(visit)
            made = await room.store.instances(visit.study)
            assert sorted(one.kind for one in made) == expected
            maps = [one for one in made if one.sop_class_uid == LABEL_MAP_SEGMENTATION_STORAGE]
            assert len(maps) == objects.label_map
            named = Counter(one.sop_instance_uid for one in made)
            (report,) = (one for one in made if one.kind == "report")
            evidence = read_header(
                room.archive.resolve(report.path)
            ).CurrentRequestedProcedureEvidenceSequence
            for series in evidence[0].ReferencedSeriesSequence:
                assert named[series.ReferencedSOPSequence[0].ReferencedSOPInstanceUID] == 1
