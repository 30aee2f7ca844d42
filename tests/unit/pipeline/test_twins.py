"""Which picture stands for a view under a light."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from server.pipeline.twins import Twins
from server.store import Store
from station.protocol import (
    Encoding,
    FrameHeader,
    Light,
    StillOffer,
    View,
    VisitOpened,
    new_uid,
)
from tests.fixtures.visits import three_lights

pytestmark = pytest.mark.unit

VISIT = VisitOpened(study_instance_uid=new_uid(), opened_at=1.0, protocol=three_lights())


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = Store.open(f"sqlite:///{tmp_path}/store.db", steps=("examine",))
    await store.open_visit("booth-1", VISIT)
    yield store
    await store.close()


async def arrive(store: Store, light: Light, replaces: str | None = None, view: View = View.FRONT) -> str:
    offer = StillOffer(
        sop_instance_uid=new_uid(),
        series_instance_uid=new_uid(),
        study_instance_uid=VISIT.study_instance_uid,
        series_number=1,
        instance_number=1,
        header=FrameHeader(frame_id=1, width=4, height=2, light=light, view=view),
        encoding=Encoding.RAW,
        size=24,
        sha256="a" * 64,
        replaces=replaces,
    )
    await store.add_still("booth-1", offer, "x", 2.0)
    return offer.sop_instance_uid


async def test_the_newest_picture_of_a_light_is_the_one_that_others_build_on(store: Store) -> None:
    first = await arrive(store, Light.WHITE)
    cross = await store.still(await arrive(store, Light.CROSS_POLARISED))
    twins = Twins(store)
    found = await twins.find(cross, Light.WHITE)
    assert found is not None
    assert found.sop_instance_uid == first
    second = await arrive(store, Light.WHITE, first)
    third = await arrive(store, Light.WHITE, second)
    found = await twins.find(cross, Light.WHITE)
    assert found is not None
    assert found.sop_instance_uid == third


async def test_a_picture_of_another_view_does_not_stand_for_it(store: Store) -> None:
    cross = await store.still(await arrive(store, Light.CROSS_POLARISED))
    await arrive(store, Light.WHITE, view=View.NECK)
    assert await Twins(store).find(cross, Light.WHITE) is None
