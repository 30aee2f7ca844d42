"""A visit through a dermoscope: photographs of their own class that a PACS keeps, and measures that say why there are none."""

from pathlib import Path

import pytest

from server.config import ServerConfig
from server.dicom import DERMOSCOPIC_PHOTOGRAPHY_IMAGE_STORAGE, read_header
from server.outbox.contract import Fate
from server.outbox.destinations import open_destination
from server.pipeline.missing import CLOSE_UP
from server.store import WorkState
from station.protocol import Verdict
from tests.fixtures.close_ups import plan_close_ups
from tests.fixtures.dicom_validators import assert_valid
from tests.fixtures.orthanc import Orthanc
from tests.fixtures.parcels import parcel_of, sent
from tests.fixtures.pipelines import Opener, Pipeline
from tests.fixtures.visits import PlannedVisit

pytestmark = pytest.mark.integration

NOBODY = "127.0.0.1:9"
"""No Triton is asked: nothing listens there."""


async def shot(room: Pipeline, visit: PlannedVisit) -> list[Path]:
    """The photographs that were made of the visit."""
    await room.open(visit)
    for light in visit.stills:
        await room.arrive(visit, light)
    await room.close(visit)
    await room.ended_all(visit)
    made = await room.store.instances(visit.study)
    assert {(one.kind, one.modality) for one in made} == {("photo", "DMS")}
    assert len(made) == len(visit.stills)
    return [room.archive.resolve(one.path) for one in made]


async def test_it_is_kept_as_what_it_is_and_no_model_is_asked(pipeline: Opener) -> None:
    visit = plan_close_ups()
    async with pipeline(NOBODY) as room:
        paths = await shot(room, visit)
        assert_valid(paths)
        for light in visit.stills:
            still = await room.still(visit, light)
            assert still.quality is not None
            assert (still.quality.recipe, still.quality.verdict) == ("close_up", Verdict.PASS)
            assert (still.face, still.face_sought, still.blob) == (None, True, None)
            states = await room.states(visit, light)
            assert {one.state for one in states.values()} == {WorkState.DONE}
            measures = await room.store.measures(still.sop_instance_uid)
            assert {(one.region, one.value, one.reason) for one in measures} == {("picture", None, CLOSE_UP)}


@pytest.mark.parametrize("kind", ["dimse", "stow"])
async def test_a_pacs_keeps_it(pipeline: Opener, orthanc: Orthanc, tmp_path: Path, kind: str) -> None:
    visit = plan_close_ups()
    peer: dict[str, object] = {"host": "127.0.0.1", "port": orthanc.dicom_port, "ae_title": orthanc.aet}
    section = {"name": "pacs", "type": kind, **({"url": orthanc.web} if kind == "stow" else peer)}
    config = ServerConfig.load(data=tmp_path / "data", destinations=[section])
    async with pipeline(NOBODY) as room:
        paths = await shot(room, visit)
        destination = open_destination(config.destinations[0], config, room.store)
        outcomes = await sent(destination, [parcel_of(path, read_header(path)) for path in paths])
        await destination.close()
    assert {one.fate for one in outcomes} == {Fate.STORED}
    assert orthanc.instances() == sorted(one.sop_instance_uid for one in visit.stills.values())
    (told,) = {
        str(read_header(path).SOPClassUID) + "/" + read_header(path).AnatomicRegionSequence[0].CodeMeaning
        for path in paths
    }
    assert told == f"{DERMOSCOPIC_PHOTOGRAPHY_IMAGE_STORAGE}/Skin of cheek"
