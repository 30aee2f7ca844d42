"""What the API tells of a person's earlier visits, and how their pictures lie on each other."""

import time
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from station.protocol import Patient
from tests.fixtures.filled_store import FACE, HEIGHT, WIDTH, fill_visit
from tests.fixtures.kiosk_agent import portrait
from tests.integration.api.conftest import Api
from tests.integration.api.test_nouns import ask

pytestmark = pytest.mark.integration

Picture = NDArray[np.uint8]
MOVED = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), 4.0, 0.95) + np.array([[0, 0, 14], [0, 0, -9]])
"""From the earlier picture to the later one."""


def face() -> Picture:
    return np.ascontiguousarray(portrait(1280, HEIGHT)[:, 160 : 160 + WIDTH])


def moved(picture: Picture) -> Picture:
    """The same picture, turned, smaller and elsewhere."""
    size = (WIDTH, HEIGHT)
    return np.asarray(cv2.warpAffine(picture, MOVED, size, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def grimacing(picture: Picture, reach: float = 26.0) -> Picture:
    """The same picture, pulled about so that no turn, scale and shift undoes it."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    x, y = columns + reach * np.sin(rows / 55), rows + reach * np.sin(columns / 47)
    return np.asarray(cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8)


async def two_visits(api: Api, earlier: Picture, later: Picture, **others: Any) -> tuple[str, str]:
    """The white stills of two visits of one person."""
    now = time.time()
    first = await fill_visit(
        api.store, api.archive, opened_at=now - 40 * 86_400, pictures=[earlier] * 3, **others
    )
    second = await fill_visit(api.store, api.archive, opened_at=now - 60, pictures=[later] * 3, **others)
    return first.stills[0], second.stills[0]


async def test_a_still_is_told_with_those_of_the_same_person_view_and_light(api: Api) -> None:
    earlier, later = await two_visits(api, face(), face())
    await fill_visit(api.store, api.archive, patient=Patient(patient_id="P-2"))
    told = await ask(api, f"/api/stills/{later}/history")
    assert told["known_patient"]
    assert [point["sop_instance_uid"] for point in told["points"]] == [earlier, later]
    series = {(one["name"], one["region"]): one for one in told["series"]}
    melanin = series["melanin_index", "forehead"]
    assert melanin["values"] == pytest.approx([0.495, 0.495])
    assert melanin["methods"] == ["chromophores/1"] * 2
    assert melanin["smallest_change"] == pytest.approx(0.02)
    assert series["gloss", "face"]["smallest_change"] is None
    assert ("pores_density", "left_cheek") not in series, "it has no value anywhere"


async def test_a_patient_without_an_id_has_no_history(api: Api) -> None:
    _, later = await two_visits(api, face(), face(), patient=Patient(patient_name="Nobody"))
    told = await ask(api, f"/api/stills/{later}/history")
    assert not told["known_patient"]
    assert [point["sop_instance_uid"] for point in told["points"]] == [later]


async def test_a_picture_is_laid_where_it_was_moved_to(api: Api) -> None:
    earlier, later = await two_visits(api, face(), moved(face()))
    told = await ask(api, f"/api/stills/{later}/alignment/{earlier}")
    assert (told["good"], told["reason"]) == (True, "")
    found = np.array(told["matrix"]).reshape(3, 2).T
    corners = np.array([(FACE.x, FACE.y, 1), (FACE.x + FACE.width, FACE.y + FACE.height, 1)], np.float64)
    assert np.abs(corners @ found.T - corners @ MOVED.T).max() < 2.5
    assert told["turn_deg"] == pytest.approx(-4.0, abs=0.3)
    assert told["scale"] == pytest.approx(0.95, abs=0.01)
    assert told["points"] > 100
    assert await ask(api, f"/api/stills/{later}/alignment/{earlier}") == told


@pytest.mark.parametrize("reason", ["offset", "few_points"])
async def test_a_picture_that_does_not_fit_is_not_laid_over(api: Api, reason: str) -> None:
    other = np.random.default_rng(1).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
    earlier, later = await two_visits(api, face(), grimacing(face()) if reason == "offset" else other)
    told = await ask(api, f"/api/stills/{later}/alignment/{earlier}")
    assert not told["good"]
    assert told["reason"] in {reason, "implausible"}


async def test_only_pictures_of_one_person_view_and_light_are_laid_over_each_other(api: Api) -> None:
    filled = await fill_visit(api.store, api.archive)
    other = await fill_visit(api.store, api.archive, patient=Patient(patient_id="P-2"))
    for earlier in (filled.stills[1], other.stills[0]):
        path = f"/api/stills/{filled.stills[0]}/alignment/{earlier}"
        async with api.http.get(api.url + path, headers=api.reader) as response:
            assert response.status == 409


async def test_visits_are_searched_by_patient_booth_and_day(api: Api) -> None:
    now = time.time() - 60  # the stills that follow are in the past too: work in the future is not due
    kim = await fill_visit(
        api.store,
        api.archive,
        booth="two",
        opened_at=now - 86_400,
        patient=Patient(patient_id="P-9", patient_name="김^지우"),
    )
    moreau = await fill_visit(api.store, api.archive, opened_at=now)
    for query, found in (
        ("q=moreau", [moreau]),
        ("q=p-9", [kim]),
        ("q=%EA%B9%80", [kim]),
        ("booth=two", [kim]),
        (f"since={now - 3600}", [moreau]),
        (f"before={now - 3600}", [kim]),
        ("q=nobody", []),
        ("", [moreau, kim]),
    ):
        page = await ask(api, f"/api/visits?{query}")
        assert [one["study_instance_uid"] for one in page["visits"]] == [one.study for one in found], query
    for wrong in ("q=" + "x" * 101, "q=%00", "booth=" + "x" * 33, "since=now"):
        async with api.http.get(f"{api.url}/api/visits?{wrong}", headers=api.reader) as response:
            assert response.status == 400


async def test_a_booth_is_told_with_the_verdict_on_its_last_still(api: Api) -> None:
    filled = await fill_visit(api.store, api.archive, booth="two")
    (booth,) = await ask(api, "/api/booths")
    last = booth["last_still"]
    stored = await api.store.still(filled.stills[-1])
    assert stored.quality is not None
    assert (last["sop_instance_uid"], last["by_server"], last["picture"]) == (filled.stills[-1], True, True)
    assert last["verdict"] == stored.quality.verdict.value
    await api.store.note_booth("three", "", 1.0)
    told = {one["booth_id"]: one["last_still"] for one in await ask(api, "/api/booths")}
    assert told["three"] is None
