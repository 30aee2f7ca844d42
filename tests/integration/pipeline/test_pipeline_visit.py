"""A visit under white, cross- and parallel-polarised light, from the booth's spool to valid DICOM."""

import asyncio
import hashlib
from pathlib import Path

import cv2
import pytest

from server.dicom import decoded_pixels_sha256
from server.store import Archive, Store
from station.protocol import LAST_STEP, Layer, Light, StillExamined, StillProgress
from station.quality import develop
from tests.fixtures.completeness import is_done, violations
from tests.fixtures.dicom_validators import assert_valid
from tests.fixtures.uplink_processes import free_endpoint
from tests.fixtures.visits import LIGHTS, Booth, PlannedVisit, a_booth, plan_visit
from tests.fixtures.work_process import WorkProcess

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

EVERYWHERE = (Layer.SKIN, Layer.MELANIN, Layer.HAEMOGLOBIN, Layer.REDNESS, Layer.REFLECTION)
"""Layers of every still, whatever its light."""


async def run_visit(data: Path, spool: Path, triton: str, visit: PlannedVisit) -> Booth:
    """Deliver a visit to a work process and wait until booth and database say that it is done."""
    endpoint = free_endpoint()
    store = Store.open(f"sqlite:///{data / 'dermabooth.db'}")
    process = WorkProcess(data, triton, endpoint)
    try:
        await process.up()
        async with a_booth(spool, data, endpoint) as booth, asyncio.timeout(100):
            await booth.send(visit)
            await booth.delivered()
            while not await is_done(store, visit.study, len(visit.stills)) or not finished(booth, visit):
                await asyncio.sleep(0.05)
        assert await process.stop() == 0
    finally:
        await process.kill()
        await store.close()
    return booth


def finished(booth: Booth, visit: PlannedVisit) -> bool:
    """Whether the booth was told of every still that it is analysed."""
    told = {m.sop_instance_uid for m in booth.heard if isinstance(m, StillProgress) and m.step == LAST_STEP}
    return told == {still.sop_instance_uid for still in visit.stills.values()}


@pytest.mark.parametrize("bit_depth", [8, 12])
async def test_a_visit_ends_complete(bit_depth: int, data: Path, tmp_path: Path, triton_url: str) -> None:
    visit = plan_visit(bit_depth)
    booth = await run_visit(data, tmp_path / "spool", triton_url, visit)
    store, archive = Store.open(f"sqlite:///{data / 'dermabooth.db'}"), Archive(data / "archive")
    try:
        assert await violations(store, archive, visit) == []
        assert_valid([archive.resolve(one.path) for one in await store.instances(visit.study)])
        await check_results(store, visit)
        check_pictures(archive, visit)
    finally:
        await store.close()
    examined = [message for message in booth.heard if isinstance(message, StillExamined)]
    assert {message.sop_instance_uid for message in examined} == {
        still.sop_instance_uid for still in visit.stills.values()
    }


async def check_results(store: Store, visit: PlannedVisit) -> None:
    """Faces, verdicts and measures are those of each light."""
    stills = {still.header.light: still for still in await store.stills(visit.study)}
    faces = {light: still.face for light, still in stills.items()}
    white = faces[Light.WHITE]
    assert white is not None
    assert white.source == "detected"
    for light in (Light.CROSS_POLARISED, Light.PARALLEL_POLARISED):
        carried = faces[light]
        assert carried is not None
        assert (carried.box, carried.source) == (white.box, "carried")
    names = {
        light: {
            one.name for one in await store.measures(stills[light].sop_instance_uid) if one.value is not None
        }
        for light in LIGHTS
    }
    gloss = {name for name in names[Light.PARALLEL_POLARISED] if "gloss" in name}
    assert gloss
    assert not gloss & (names[Light.WHITE] | names[Light.CROSS_POLARISED])
    for still in stills.values():
        assert still.quality is not None
        assert still.quality.recipe == "standard"


def check_pictures(archive: Archive, visit: PlannedVisit) -> None:
    """Layers are as large as the still, the rendition is a JPEG, the photo is the still as the eye sees it."""
    for still in visit.stills.values():
        size = still.frame.pixels.shape[:2]
        for layer in EVERYWHERE:
            pixels = cv2.imread(
                str(archive.layer(visit.study, still.sop_instance_uid, layer.value)), cv2.IMREAD_UNCHANGED
            )
            assert pixels is not None
            assert pixels.shape == size
        rendition = cv2.imread(str(archive.rendition(visit.study, still.sop_instance_uid)))
        assert rendition is not None
        assert rendition.shape[:2] == size
        photo = archive.photo(visit.study, still.sop_instance_uid)
        assert decoded_pixels_sha256(photo) == hashlib.sha256(develop(still.frame).tobytes()).hexdigest()
