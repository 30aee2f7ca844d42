"""Worklists of dcmtk and Orthanc, asked as the server asks them."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from pydicom.dataset import Dataset

from server.config.dicom import DicomConfig
from server.config.orders import MwlSection
from server.errors import OrdersUnavailable
from server.orders import Found
from server.orders.mwl import MwlSource
from tests.fixtures.orthanc import Orthanc, running
from tests.fixtures.ports import free_port
from tests.fixtures.worklists import Worklist, item, raw_item, today, wlmscpfs

pytestmark = pytest.mark.interop

JAPANESE = b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B"
AUTUMN = b"Akiyama^Ichirou=\x1b$B=)\x3b3\x1b(B^\x1b$B0lO:\x1b(B"
"""Autumn in kanji begins with the byte that parts the groups of a name."""
KOREAN = b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf"


@pytest.fixture(scope="module")
def dcmtk() -> Iterator[Worklist]:
    with wlmscpfs() as worklist:
        yield worklist


@pytest.fixture(scope="module")
def silent() -> Iterator[Worklist]:
    """One that does not say what its text is written in."""
    with wlmscpfs(says_charset=False) as worklist:
        yield worklist


@pytest.fixture(scope="module")
def orthanc_worklist() -> Iterator[Worklist]:
    with running() as orthanc:
        yield Worklist(orthanc.dicom_port, orthanc.worklists, Orthanc.aet)


@pytest.fixture(params=["dcmtk", "orthanc_worklist"])
def worklist(request: pytest.FixtureRequest) -> Worklist:
    found: Worklist = request.getfixturevalue(request.param)
    return found


@asynccontextmanager
async def asking(worklist: Worklist, limit: int = 500, **settings: Any) -> AsyncIterator[MwlSource]:
    section = MwlSection(host="127.0.0.1", port=worklist.port, ae_title=worklist.ae_title, **settings)
    source = MwlSource(section, DicomConfig(), limit)
    try:
        yield source
    finally:
        await source.close()


async def listed(worklist: Worklist, **settings: Any) -> Found:
    async with asking(worklist, **settings) as source:
        return await source.expected(today(), today())


async def names(worklist: Worklist, *items: Dataset, **settings: Any) -> list[str]:
    worklist.fill(items)
    return [entry.patient.patient_name for entry in (await listed(worklist, **settings)).entries]


def numbers(found: Found) -> list[str]:
    return [entry.order.accession_number for entry in found.entries]


async def test_an_entry_carries_everything_exactly_as_it_was_scheduled(worklist: Worklist) -> None:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "FACE-3", "99LOCAL", "Face, three views"
    scheduled = item(
        7,
        StudyInstanceUID="1.2.840.113619.2.1.42",
        RequestedProcedureCodeSequence=[code],
        step={"ScheduledProtocolCodeSequence": [code]},
    )
    worklist.fill([scheduled])
    [entry] = (await listed(worklist)).entries
    patient, order = entry.patient, entry.order
    assert (patient.patient_id, patient.issuer_of_patient_id) == ("P0007", "CLINIC")
    assert (patient.patient_name, patient.patient_birth_date, patient.patient_sex) == (
        "Moreau^Claire7",
        "19840229",
        "F",
    )
    assert order.study_instance_uid == "1.2.840.113619.2.1.42"
    assert (order.accession_number, order.requested_procedure_id, order.scheduled_step_id) == (
        "ACC0007",
        "RP7",
        "SPS7",
    )
    assert (order.admission_id, order.referring_physician_name) == ("ADM7", "Ref^Doctor")
    assert order.requested_procedure_description == "Facial photography"
    assert order.scheduled_step_description == "Face 3 views x 4 lights"
    expected = ("FACE-3", "99LOCAL", "Face, three views")
    for told in (order.requested_procedure_code, *order.scheduled_protocol_codes):
        assert told is not None
        assert (told.value, told.scheme, told.meaning) == expected
    assert entry.scheduled_at is not None


async def test_the_list_is_of_the_days_modality_and_station_that_are_asked_for(worklist: Worklist) -> None:
    day = f"{today() + timedelta(days=1):%Y%m%d}"
    worklist.fill(
        [
            item(0),
            item(1, step={"Modality": "OT"}),
            item(2, step={"ScheduledStationAETitle": "OTHER"}),
            item(3, step={"ScheduledProcedureStepStartDate": day}),
        ]
    )
    assert set(numbers(await listed(worklist))) == {"ACC0000", "ACC0001", "ACC0002"}
    assert set(numbers(await listed(worklist, modality="XC"))) == {"ACC0000", "ACC0002"}
    assert numbers(await listed(worklist, modality="XC", station_ae_title="BOOTH")) == ["ACC0000"]
    async with asking(worklist) as source:
        both = await source.expected(today(), today() + timedelta(days=1))
        assert len(both.entries) == 4


@pytest.mark.parametrize("sought", ["P0003", "ACC0003", "ADM3", "Moreau^Dora", "moreau, d"])
async def test_whoever_is_not_in_the_list_is_found_by_what_is_scanned_or_typed(
    worklist: Worklist, sought: str
) -> None:
    day = f"{today() - timedelta(days=9):%Y%m%d}"
    worklist.fill(
        [
            item(
                n,
                PatientName=f"Moreau^{['Anna', 'Bea', 'Cleo', 'Dora'][n]}",
                step={"Modality": "OT", "ScheduledProcedureStepStartDate": day},
            )
            for n in range(4)
        ]
    )
    async with asking(worklist, modality="XC") as source:
        assert numbers(await source.search(sought)) == ["ACC0003"]
        for foreign in ("*", "P000?", "P000", "\x00", "nobody"):
            assert (await source.search(foreign)).entries == ()


async def test_names_keep_their_letters_whatever_they_are_written_in(dcmtk: Worklist) -> None:
    kim, muller = "Kim^Ji-woo=金^智友=김^지우", "Müller^Ann"
    assert await names(dcmtk, item(PatientName=kim)) == [kim]
    assert await names(dcmtk, item(charset="ISO_IR 100", PatientName=muller)) == [muller]
    assert await names(dcmtk, raw_item("\\ISO 2022 IR 87", JAPANESE)) == [
        "Yamada^Tarou=山田^太郎=やまだ^たろう"
    ]
    assert await names(dcmtk, raw_item("\\ISO 2022 IR 87", AUTUMN)) == ["Akiyama^Ichirou=秋山^一郎"]
    assert await names(dcmtk, raw_item("\\ISO 2022 IR 149", KOREAN)) == ["Hong^Gildong=洪^吉洞=홍^길동"]
    assert await names(dcmtk, raw_item("GB18030", "Wang^XiaoDong=王^小东".encode("gb18030"))) == [
        "Wang^XiaoDong=王^小东"
    ]


async def test_a_server_that_does_not_say_what_it_writes_in_is_read_as_the_settings_say(
    silent: Worklist,
) -> None:
    for charset, name in (("ISO_IR 192", "Müller^Ann=김^지우"), ("ISO_IR 100", "Müller^Ann")):
        silent.fill([item(charset=charset, PatientName=name)])
        [entry] = (await listed(silent, assume_charset=charset)).entries
        assert entry.patient.patient_name == name
    silent.fill([raw_item("\\ISO 2022 IR 87", JAPANESE)])
    [entry] = (await listed(silent, assume_charset="\\ISO 2022 IR 87")).entries
    assert entry.patient.patient_name == "Yamada^Tarou=山田^太郎=やまだ^たろう"


async def test_a_name_in_another_character_set_than_assumed_is_counted_and_not_guessed(
    silent: Worklist,
) -> None:
    silent.fill([item(0, charset="ISO_IR 100", PatientName="Müller^Ann"), item(1)])
    found = await listed(silent)
    assert numbers(found) == ["ACC0001"]
    [(why, count)] = found.unusable.items()
    assert count == 1
    assert why.startswith("PatientName: not in the character set")
    assert "ller" not in why


async def test_orthanc_tells_names_in_its_own_character_set(orthanc_worklist: Worklist) -> None:
    assert await names(orthanc_worklist, item(PatientName="Müller^Ann")) == ["Müller^Ann"]


async def test_repeats_are_told_once_and_a_long_list_says_so(dcmtk: Worklist) -> None:
    twin = item(0)
    dcmtk.fill([twin, twin, item(1, StudyInstanceUID=twin.StudyInstanceUID)])
    assert len((await listed(dcmtk)).entries) == 2
    dcmtk.fill([item(n) for n in range(5)])
    found = await listed(dcmtk, limit=3)
    assert (len(found.entries), found.more) == (3, True)


async def test_an_encounter_without_an_order_is_listed_with_its_admission(worklist: Worklist) -> None:
    worklist.fill([item(4, AccessionNumber="")])
    [entry] = (await listed(worklist)).entries
    assert (entry.order.accession_number, entry.order.admission_id) == ("", "ADM4")


async def test_a_server_that_is_away_is_told_with_what_to_do() -> None:
    nobody = Worklist(free_port(), None)  # type: ignore[arg-type]
    with pytest.raises(OrdersUnavailable, match=str(nobody.port)):
        await listed(nobody)


async def test_a_title_that_the_server_does_not_know_is_told(dcmtk: Worklist) -> None:
    @dataclass
    class Unknown:
        port: int
        ae_title: str

    with pytest.raises(OrdersUnavailable, match=r"[Aa][Ee]|reject"):
        await listed(Unknown(dcmtk.port, "NOBODY"))  # type: ignore[arg-type]
