"""What the API tells of a visit that lies in the store."""

import time
from typing import Any

import cv2
import numpy as np
import pytest

from server.api import LivePreview
from server.events import BoothSeen
from station.protocol import Conditions, Encoding, Layer, StillOffer, VisitOpened, new_uid
from tests.fixtures.filled_store import FACE, HEIGHT, WIDTH, blot_layers, fill_visit
from tests.fixtures.kiosk_agent import three_lights
from tests.integration.api.conftest import Api

pytestmark = pytest.mark.integration


async def ask(api: Api, path: str) -> Any:
    async with api.http.get(api.url + path, headers=api.reader) as response:
        assert response.status == 200
        return await response.json()


async def image(api: Api, path: str) -> np.ndarray:
    async with api.http.get(api.url + path, headers=api.reader) as response:
        assert response.status == 200
        data = np.frombuffer(await response.read(), np.uint8)
    picture = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
    assert picture is not None
    return np.asarray(picture)


async def test_a_visit_is_told_with_its_stills_measures_and_quality(api: Api) -> None:
    filled = await fill_visit(api.store, api.archive)
    page = await ask(api, "/api/visits")
    (summary,) = page["visits"]
    assert summary["study_instance_uid"] == filled.study
    assert (summary["stored"], summary["expected"], summary["complete"]) == (3, 3, True)
    assert summary["cover"] == filled.stills[0]
    assert page["next_before"] is None
    detail = await ask(api, f"/api/visits/{filled.study}")
    assert [one["light"] for one in detail["stills"]] == [
        "white",
        "cross_polarised",
        "parallel_polarised",
    ]
    white = detail["stills"][0]
    assert white["layers"] == ["skin", "melanin", "redness", "severity", "regions"]
    assert [one["state"] for one in white["steps"]] == ["done"]
    assert {one["modality"] for one in white["instances"]} == {"XC", "SEG", "SR"}
    assert await ask(api, f"/api/stills/{filled.stills[0]}") == white
    measures = await ask(api, f"/api/visits/{filled.study}/measures")
    stored = await api.store.measures(filled.stills[0])
    told = {(m["region"], m["name"]): m["value"] for m in measures["stills"][0]["measures"]}
    assert told == {(m.region, m.name): m.value for m in stored}
    quality = await ask(api, f"/api/stills/{filled.stills[0]}/quality")
    assert quality["server"]["verdict"] == white["verdict"]
    assert quality["booth"] is None


async def test_pictures_and_layers_are_scaled_and_revalidated(api: Api) -> None:
    filled = await fill_visit(api.store, api.archive)
    path = f"/api/stills/{filled.stills[0]}"
    assert (await image(api, f"{path}/image?width=320")).shape == (400, 320, 3)
    assert (await image(api, f"{path}/image?width=300")).shape == (400, 320, 3)
    assert (await image(api, f"{path}/image")).shape[:2] == (HEIGHT, WIDTH)
    layer = await image(api, f"{path}/layers/melanin?width=320")
    truth = cv2.resize(blot_layers()[Layer.MELANIN], (320, 400), interpolation=cv2.INTER_AREA)
    assert np.array_equal(layer, truth)
    async with api.http.get(f"{api.url}{path}/image?width=320", headers=api.reader) as response:
        tag = response.headers["ETag"]
        assert "private" in response.headers["Cache-Control"]
    known = {**api.reader, "If-None-Match": tag}
    async with api.http.get(f"{api.url}{path}/image?width=320", headers=known) as response:
        assert response.status == 304


async def test_a_close_up_shows_the_face_in_full_detail(api: Api) -> None:
    filled = await fill_visit(api.store, api.archive)
    path = f"/api/stills/{filled.stills[0]}"
    size = (round(1.3 * FACE.height), round(1.3 * FACE.width))
    assert (await image(api, f"{path}/image?part=face")).shape[:2] == size
    layer = await image(api, f"{path}/layers/melanin?part=face&width=1600")
    outlines = await image(api, f"{path}/layers/regions?part=face")
    assert outlines.shape == size
    assert 0.005 < (outlines > 127).mean() < 0.1
    left, top = round(FACE.x - 0.15 * FACE.width), round(FACE.y - 0.15 * FACE.height)
    truth = blot_layers()[Layer.MELANIN][top : top + size[0], left : left + size[1]]
    assert np.array_equal(layer, truth)
    async with api.http.get(f"{api.url}{path}/image?part=nose", headers=api.reader) as response:
        assert response.status == 400
        assert (await response.json())["detail"] == "part is whole or face"


async def test_what_is_not_there_is_said(api: Api) -> None:
    filled = await fill_visit(api.store, api.archive)
    for path, words in (
        (f"/api/visits/{new_uid()}", "no such visit"),
        (f"/api/stills/{new_uid()}/image", "no such still"),
        (f"/api/stills/{filled.stills[1]}/layers/skin", "not made"),
        (f"/api/stills/{filled.stills[0]}/layers/..", "There are the layers".lower()),
        (f"/api/stills/{filled.stills[0]}/layers/photo", "there are the layers skin"),
    ):
        async with api.http.get(api.url + path, headers=api.reader) as response:
            assert response.status == 404
            if "/.." not in path:
                assert words in (await response.json())["detail"]


async def test_the_list_is_paged_newest_first(api: Api) -> None:
    await api.store.note_booth("one", "test", 1.0)
    for number in range(5):
        message = VisitOpened(
            study_instance_uid=new_uid(), opened_at=1000.0 + number, protocol=three_lights()
        )
        await api.store.open_visit("one", message)
    first = await ask(api, "/api/visits?limit=3")
    rest = await ask(api, f"/api/visits?limit=3&before={first['next_before']}")
    times = [one["opened_at"] for one in first["visits"] + rest["visits"]]
    assert times == [1004.0, 1003.0, 1002.0, 1001.0, 1000.0]
    assert rest["next_before"] is None
    assert first["visits"][0]["verdict"] is None


async def test_booths_are_told_with_their_live_state(api: Api) -> None:
    filled = await fill_visit(api.store, api.archive)
    await api.store.note_booth("two", "test", time.time())
    api.hub.publish(BoothSeen(booth_id="one", connected=True))
    api.board.now = {"one": LivePreview(width=1280, viewers=2), "three": LivePreview()}
    found = {one["booth_id"]: one for one in await ask(api, "/api/booths")}
    assert found["one"]["connected"] is True
    assert found["one"]["preview"]["viewers"] == 2
    assert found["one"]["last_visit"]["study_instance_uid"] == filled.study
    assert found["two"]["connected"] is None
    assert found["two"]["last_visit"] is None
    assert found["three"]["preview"] is not None


async def test_health_and_the_openapi_document(api: Api) -> None:
    assert await ask(api, "/api/health") == {
        "status": "ok",
        "version": "0.1.0",
        "checks": {"database": True},
    }
    document = await ask(api, "/api/openapi.json")
    assert document["openapi"] == "3.1.0"
    assert document["paths"]["/api/visits/{study}"]["get"]["x-scope"] == "read"
    schemas = document["components"]["schemas"]
    text = str(document)
    named = {part.split("'")[0] for part in text.split("#/components/schemas/")[1:]}
    assert named <= set(schemas)
    assert {"VisitDetail", "StillInfo", "BoothInfo", "Problem"} <= set(schemas)


async def take_again(api: Api, study: str, former: str) -> str:
    """Another still of the same view and light, shot against the gate; its UID."""
    still = await api.store.still(former)
    offer = StillOffer(
        sop_instance_uid=new_uid(),
        series_instance_uid=still.series_instance_uid,
        study_instance_uid=study,
        series_number=still.series_number,
        instance_number=2,
        header=still.header,
        encoding=Encoding.RAW,
        size=still.size,
        sha256="e" * 64,
        replaces=former,
        override="a child that does not sit still",
    )
    await api.store.add_still("one", offer, "x", still.received_at + 9)
    return offer.sop_instance_uid


async def test_a_still_that_was_taken_again_is_told_once_and_stays_readable(api: Api) -> None:
    filled = await fill_visit(api.store, api.archive)
    again = await take_again(api, filled.study, filled.stills[0])
    (summary,) = (await ask(api, "/api/visits"))["visits"]
    assert (summary["stored"], summary["expected"]) == (3, 3)
    assert summary["cover"] == filled.stills[1], "of the new one no picture can be shown yet"
    detail = await ask(api, f"/api/visits/{filled.study}")
    assert [one["sop_instance_uid"] for one in detail["stills"]] == [again, *filled.stills[1:]]
    assert [one["replaced_by"] for one in detail["replaced"]] == [again]
    newest = detail["stills"][0]
    assert (newest["replaces"], newest["replaced_by"]) == (filled.stills[0], None)
    assert newest["override"] == "a child that does not sit still"
    assert await ask(api, f"/api/stills/{filled.stills[0]}") == detail["replaced"][0]
    assert (await image(api, f"/api/stills/{filled.stills[0]}/image?width=320")).shape[1] == 320
    measures = f"/api/visits/{filled.study}/measures"
    told = [one["sop_instance_uid"] for one in (await ask(api, measures))["stills"]]
    assert told == [again, *filled.stills[1:]]
    assert len((await ask(api, f"{measures}?replaced=1"))["stills"]) == 4


async def test_the_conditions_of_a_visit_are_told(api: Api) -> None:
    conditions = Conditions(acclimatised_min=20, room_c=21.0, humidity_pct=45.0, products="none")
    message = VisitOpened(
        study_instance_uid=new_uid(), opened_at=5.0, protocol=three_lights(), conditions=conditions
    )
    await api.store.open_visit("one", message)
    detail = await ask(api, f"/api/visits/{message.study_instance_uid}")
    assert detail["conditions"] == {
        "acclimatised_min": 20,
        "room_c": 21.0,
        "humidity_pct": 45.0,
        "products": "none",
    }
