"""What a report says of a visit: read from the store, of the stills that stand, with what earlier visits told."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from server.signing import facts
from server.signing.facts import read_sheet
from server.signing.sheet import Sheet
from server.store import Archive, Store
from station.protocol import Light, Patient
from tests.fixtures.filled_store import fill_visit, open_store

pytestmark = pytest.mark.integration

AT = 1_700_000_000.0
DAY_S = 86_400.0
CLAIRE = Patient(patient_id="P-1", patient_name="Moreau^Claire")
ADA = Patient(patient_id="P-2", patient_name="Ünal^Ada")


@pytest_asyncio.fixture
async def there(tmp_path: Path) -> AsyncIterator[tuple[Store, Archive]]:
    store, archive = open_store(tmp_path)
    yield store, archive
    await store.close()


async def sheet_of(there: tuple[Store, Archive], study: str) -> Sheet:
    return await read_sheet(*there, study, institution="Clinic", software="dermabooth tests")


async def test_measures_assessments_and_what_could_not_be_measured(there: tuple[Store, Archive]) -> None:
    filled = await fill_visit(*there, patient=CLAIRE, opened_at=AT)
    sheet = await sheet_of(there, filled.study)
    assert (sheet.patient, sheet.expected, sheet.complete) == (CLAIRE, 3, True)
    assert next(one.light for one in sheet.photographs) is Light.WHITE
    found = {one.name: one for one in sheet.results}
    assert list(found["melanin_index"].values)[:2] == ["face", "forehead"]
    assert found["melanin_index"].past == ()
    assert {one.name for one in sheet.assessments} == {
        "acne_severity",
        "condition_melasma",
        "condition_clogged_pores",
        "condition_dryness",
    }
    told = dict(sheet.unmeasured)
    assert told["5.2 px/mm, needs 20"] == ("pores_density",)
    assert told["no model for it is installed"] == ("acne_probability",)
    assert "none" not in sheet.methods


async def test_a_face_is_shown_with_some_of_what_is_around_it(there: tuple[Store, Archive]) -> None:
    filled = await fill_visit(*there, patient=CLAIRE, opened_at=AT)
    left, top, right, bottom = (await sheet_of(there, filled.study)).photographs[0].part
    assert (left, right) == pytest.approx((0.15, 0.85))
    assert 0 < top < bottom < 1


async def test_the_course_is_of_the_same_person_before(
    there: tuple[Store, Archive], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facts, "MOST_VISITS", 3)
    for number in range(3):
        await fill_visit(*there, patient=CLAIRE, opened_at=AT + number * DAY_S)
    await fill_visit(*there, patient=ADA, opened_at=AT + DAY_S / 2)
    last = await fill_visit(*there, patient=CLAIRE, opened_at=AT + 50 * DAY_S)
    await fill_visit(*there, patient=CLAIRE, opened_at=AT + 60 * DAY_S)
    sheet = await sheet_of(there, last.study)
    past = next(one for one in sheet.results if one.name == "melanin_index").past
    assert [round((one.at - AT) / DAY_S) for one in past] == [1, 2]
    assert all(one.comparable for one in past)


async def test_a_still_that_was_taken_again_is_left_out(there: tuple[Store, Archive]) -> None:
    filled = await fill_visit(*there, patient=CLAIRE, opened_at=AT, again="she blinked")
    sheet = await sheet_of(there, filled.study)
    assert {one.sop_instance_uid for one in sheet.photographs} == set(filled.stills[1:])
    assert sheet.expected == 3
    assert [one.override for one in sheet.photographs if one.light is Light.WHITE] == ["she blinked"]


async def test_nobody_in_particular_has_no_past(there: tuple[Store, Archive]) -> None:
    await fill_visit(*there, patient=Patient(), opened_at=AT)
    filled = await fill_visit(*there, patient=Patient(), opened_at=AT + DAY_S)
    sheet = await sheet_of(there, filled.study)
    assert all(one.past == () for one in sheet.results)
    assert all(one.past == () for one in sheet.assessments)
