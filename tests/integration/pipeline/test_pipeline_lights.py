"""Lights of one view need each other, but never wait for what will not come."""

import itertools

import pytest

from server.pipeline import missing
from server.pipeline.twins import PATIENCE_S
from server.store import WorkState
from station.protocol import Light
from tests.fixtures.pipelines import Opener
from tests.fixtures.visits import LIGHTS, plan_visit

pytestmark = pytest.mark.integration

WHITE, CROSS, PARALLEL = LIGHTS


async def test_stills_may_arrive_in_any_order(pipeline: Opener, small_triton_url: str) -> None:
    visits = []
    async with pipeline(small_triton_url) as room:
        for order in itertools.islice(itertools.permutations(LIGHTS), 1, None, 2):
            visit = plan_visit(8)
            visits.append(visit)
            await room.open(visit)
            for light in order:
                await room.arrive(visit, light)
            await room.close(visit)
        for visit in visits:
            await room.assert_complete(visit)
            assert {still.face.source for still in await room.store.stills(visit.study) if still.face} == {
                "detected",
                "carried",
            }


async def test_a_light_waits_for_white_until_the_booth_says_there_is_none(
    pipeline: Opener, small_triton_url: str
) -> None:
    visit = plan_visit(8, [CROSS, PARALLEL])
    async with pipeline(small_triton_url) as room:
        await room.open(visit)
        await room.arrive(visit, PARALLEL)
        waiting = await room.until(
            visit,
            PARALLEL,
            lambda steps: steps["face"].error != "" and steps["face"].state == WorkState.READY,
        )
        assert waiting["face"].error == "the white picture of this view has not arrived"
        assert waiting["face"].attempts == 0
        await room.close(visit, lights=(CROSS, PARALLEL), complete=False)
        await room.arrive(visit, CROSS)
        await room.assert_complete(visit)
        for light in (CROSS, PARALLEL):
            still = await room.still(visit, light)
            assert still.face is not None
            assert still.face.source == "detected"


async def test_an_aborted_visit_is_analysed_as_far_as_it_came(
    pipeline: Opener, small_triton_url: str
) -> None:
    visit = plan_visit(8, [PARALLEL])
    async with pipeline(small_triton_url) as room:
        await room.open(visit)
        await room.arrive(visit, PARALLEL)
        await room.close(visit, complete=False)
        await room.assert_complete(visit)


async def test_a_booth_that_is_never_heard_of_again_holds_up_nothing_for_ever(
    pipeline: Opener, small_triton_url: str
) -> None:
    visit = plan_visit(8, [PARALLEL])
    async with pipeline(small_triton_url) as room:
        await room.open(visit)
        await room.arrive(visit, PARALLEL, ago_s=PATIENCE_S + 1)
        await room.assert_complete(visit)


@pytest.mark.parametrize("broken", [WHITE, CROSS], ids=str)
async def test_a_still_that_is_no_picture_is_given_up_alone(
    broken: Light, pipeline: Opener, small_triton_url: str
) -> None:
    visit = plan_visit(8)
    async with pipeline(small_triton_url) as room:
        await room.open(visit)
        for light in LIGHTS:
            await room.arrive(visit, light, data=b"no picture" if light is broken else None)
        await room.close(visit)
        await room.ended_all(visit)
        for light in LIGHTS:
            states = await room.states(visit, light)
            lost = {step for step, status in states.items() if status.state == WorkState.FAILED}
            if light is not broken:
                assert lost == set()
                continue
            elsewhere = {step for step, lights in missing.LIGHTS.items() if light not in lights}
            assert lost == set(states) - {"tidy"} - ({"face"} if broken is CROSS else set()) - elsewhere
            assert "not the picture its header describes" in states["photo"].error
            assert states["report"].error.startswith("needs ")
            still = await room.still(visit, light)
            assert still.blob is not None
            assert room.archive.resolve(still.blob).read_bytes() == b"no picture"
        kinds = sorted(one.kind for one in await room.store.instances(visit.study))
        always = ["overlay", "overlay", "photo", "photo", "report", "report", "segmentation", "segmentation"]
        assert [kind for kind in kinds if kind != "heat_map"] == always
