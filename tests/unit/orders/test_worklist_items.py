"""What becomes of worklist items: kept exactly, cleaned where people read them, refused without naming anybody."""

import io
import random
from typing import Any

import msgspec
import pytest
from pydicom import dcmwrite
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset

from server.orders.charsets import CharacterSets
from server.orders.entry import read_entry
from server.orders.found import Found, Gathering, Unusable, merged
from server.orders.pages import digest_of, pages_of
from station.protocol import (
    MAX_MESSAGE_BYTES,
    MAX_ORDERS,
    CodedConcept,
    Issuer,
    Order,
    OrderEntry,
    OrdersTold,
    Patient,
    decode_server,
    encode,
)
from tests.fixtures.orders import ORDER
from tests.fixtures.worklists import item

pytestmark = [pytest.mark.unit, pytest.mark.filterwarnings("ignore")]

UTF8 = CharacterSets(codec="utf-8")


def encoded(dataset: Dataset, *, implicit: bool = True) -> bytes:
    buffer = io.BytesIO()
    dcmwrite(buffer, dataset, implicit_vr=implicit, little_endian=True)
    return buffer.getvalue()


def read(data: bytes, *, implicit: bool = True) -> Dataset:
    return read_dataset(io.BytesIO(data), implicit, True)


def gathered(*items: Dataset, limit: int = 500) -> Found:
    gathering = Gathering(limit)
    for one in items:
        try:
            gathering.add(read_entry(one, UTF8).entry)
        except Unusable as error:
            gathering.refuse(str(error))
    return gathering.found()


@pytest.mark.parametrize("implicit", [True, False])
def test_an_item_reads_alike_in_both_plain_transfer_syntaxes(implicit: bool) -> None:
    code, issuer = Dataset(), Dataset()
    code.LongCodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "A" * 30, "99L", "Long"
    issuer.LocalNamespaceEntityID, issuer.UniversalEntityID, issuer.UniversalEntityIDType = (
        "RIS",
        "1.2",
        "ISO",
    )
    made = item(
        3,
        RequestedProcedureCodeSequence=[code],
        IssuerOfAccessionNumberSequence=[issuer],
        TimezoneOffsetFromUTC="+0900",
        step={"ScheduledProcedureStepStartDate": "20261122", "ScheduledProcedureStepStartTime": "093000.5"},
    )
    [entry] = gathered(read(encoded(made, implicit=implicit), implicit=implicit)).entries
    assert entry.order.requested_procedure_code == CodedConcept(value="A" * 30, scheme="99L", meaning="Long")
    issued = Issuer(name="RIS", universal_id="1.2", universal_id_type="ISO")
    assert entry.order.issuer_of_accession_number == issued
    assert entry.scheduled_at == 1_795_307_400.0


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"PatientID": "x" * 65}, "patient_id"),
        ({"PatientID": "a\\b"}, "patient_id"),
        ({"PatientName": "Moreau\x07"}, "patient_name"),
        ({"AccessionNumber": "A" * 17}, "accession_number"),
        ({"StudyInstanceUID": "1.2.x"}, "study_instance_uid"),
        ({"PatientID": "", "PatientName": ""}, "patient_id and patient_name are both empty"),
        ({"step": {"ScheduledProcedureStepID": "S" * 17}}, "scheduled_step_id"),
    ],
)
def test_an_identifier_that_cannot_be_kept_exactly_makes_an_item_unusable(
    values: dict[str, Any], field: str
) -> None:
    found = gathered(read(encoded(item(1, **values))), read(encoded(item(2))))
    assert [entry.order.accession_number for entry in found.entries] == ["ACC0002"]
    [why] = found.unusable
    assert field in why
    assert not any(str(value) in why for value in values.values() if value)


def test_what_people_read_is_brought_onto_one_line_of_its_length() -> None:
    long = item(
        1,
        RequestedProcedureDescription="Face\r\n\tthree\\views " + "x" * 90,
        PatientBirthDate="1984",
        PatientSex="X",
        step={"ScheduledProcedureStepStartTime": "99"},
    )
    [entry] = gathered(read(encoded(long))).entries
    assert entry.order.requested_procedure_description.startswith("Face three views xxx")
    assert len(entry.order.requested_procedure_description) == 64
    assert (entry.patient.patient_birth_date, entry.patient.patient_sex, entry.scheduled_at) == ("", "", None)


def test_an_item_without_a_study_or_a_step_is_taken() -> None:
    bare = Dataset()
    bare.PatientID, bare.AdmissionID = "P1", "V1"
    [entry] = gathered(bare).entries
    assert entry == OrderEntry(patient=Patient(patient_id="P1"), order=Order(admission_id="V1"))


def test_mutated_items_are_read_or_refused() -> None:
    whole, rng = encoded(item(1)), random.Random(7)
    outcomes = set()
    for _ in range(600):
        data = bytearray(whole)
        for _ in range(rng.randint(1, 8)):
            place = rng.randrange(len(data))
            match rng.randrange(4):
                case 0:
                    data[place] = rng.randrange(256)
                case 1:
                    del data[place : place + rng.randint(1, 40)]
                case 2:
                    data[place:place] = rng.randbytes(rng.randint(1, 40))
                case _:
                    data[place : place + 4] = rng.choice([b"\xff" * 4, bytes(4), b"\xfe\xff\x00\xe0"])
            data = data or bytearray(whole)
        try:
            dataset = read(bytes(data))
        except Exception:
            outcomes.add("unread")
            continue
        found = gathered(dataset)
        outcomes.add("entry" if found.entries else "refused")
        for entry in found.entries:
            assert msgspec.convert(msgspec.to_builtins(entry), OrderEntry) == entry
    assert outcomes >= {"entry", "refused"}


def test_deep_nesting_and_huge_values_do_no_harm() -> None:
    deep = Dataset()
    for _ in range(150):
        outer = Dataset()
        outer.ScheduledProcedureStepSequence = [deep]
        deep = outer
    deep.PatientID = "P1"
    assert len(gathered(deep, item(2, PatientName="x" * 3_000_000)).entries) == 1


def longest_entry(number: int) -> OrderEntry:
    wide = "\U0001f600"
    code = CodedConcept(value=wide * 64, scheme=wide * 16, meaning=wide * 64, version=wide * 16)
    order = msgspec.structs.replace(
        ORDER,
        accession_number=f"{number}".rjust(16, "0"),
        referring_physician_name=wide * 324,
        requested_procedure_code=code,
        scheduled_protocol_codes=(code,) * 8,
        reason=wide * 64,
        admission_id=wide * 64,
    )
    return OrderEntry(patient=Patient(patient_id=str(number), patient_name=wide * 324), order=order)


def test_the_longest_list_crosses_the_wire_in_pages_that_it_takes() -> None:
    entries = tuple(longest_entry(number) for number in range(MAX_ORDERS))
    pages = pages_of(OrdersTold(request=1, digest=digest_of(entries), told_at=1.0, entries=entries))
    assert len(pages) > 1
    heard: list[OrderEntry] = []
    for page in pages:
        data = encode(page)
        assert len(data) <= MAX_MESSAGE_BYTES
        told = decode_server(data)
        assert isinstance(told, OrdersTold)
        assert (told.page, told.pages) == (page.page, len(pages))
        heard += told.entries
    assert tuple(heard) == entries
    [empty] = pages_of(OrdersTold(request=1, digest="", told_at=None))
    assert (empty.page, empty.pages, empty.entries) == (1, 1, ())


def test_answers_are_merged_without_repeats() -> None:
    one, two = gathered(item(1)), gathered(item(2))
    both = merged([one, Found(one.entries + two.entries, {"why": 2}, more=True), one], 10)
    assert (len(both.entries), both.unusable, both.more) == (2, {"why": 2}, True)
    assert merged([one, two], 1).more
