"""What is told of the queries that a worklist is asked."""

from datetime import date
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from server.config.dicom import DicomConfig
from server.config.orders import FhirOrdersSection, MwlSection, OrdersConfig
from server.dimse.messages import decoded
from server.orders import Query, open_desk
from server.orders.fhir import FhirSource
from server.orders.mwl import MODEL, MwlSource
from station.protocol import OrdersWanted

pytestmark = pytest.mark.unit

SECTION = MwlSection(host="127.0.0.1", port=9, ae_title="NOBODY", modality="XC")
DAY = date(2026, 3, 1)


async def none_begun(*_: object) -> tuple[str, ...]:
    return ()


async def test_the_identifiers_of_a_worklist_are_told_as_they_are_encoded() -> None:
    source = MwlSource(SECTION, DicomConfig(), 10)
    (listed,) = source.list_queries(DAY, DAY)
    assert (listed.source, listed.sop_class_uid) == ("NOBODY@127.0.0.1:9", MODEL)
    step = decoded(listed.content, listed.transfer_syntax_uid).ScheduledProcedureStepSequence[0]
    assert (step.ScheduledProcedureStepStartDate, step.Modality) == ("20260301", "XC")
    sought = [decoded(one.content, one.transfer_syntax_uid) for one in source.search_queries("P-1")]
    assert [(one.PatientID, one.AccessionNumber, one.AdmissionID) for one in sought] == [
        ("P-1", "", ""),
        ("", "P-1", ""),
        ("", "", "P-1"),
    ]
    await source.close()


async def test_the_parameters_of_a_fhir_search_are_told() -> None:
    source = FhirSource(FhirOrdersSection(url="http://127.0.0.1:9/r4"), 10)
    found = [parse_qsl(one.content.decode())[-1] for one in source.search_queries("P-1")]
    assert found == [("patient.identifier", "P-1"), ("identifier", "P-1")]
    (listed,) = source.list_queries(DAY, DAY)
    assert [key for key, _ in parse_qsl(listed.content.decode())][-2:] == ["occurrence", "occurrence"]
    await source.close()


async def test_the_desk_tells_of_a_query_before_it_is_answered(tmp_path: Path) -> None:
    told: list[tuple[str, Query]] = []
    orders = OrdersConfig(mwl=SECTION)

    def on_query(booth_id: str, query: Query) -> None:
        told.append((booth_id, query))

    async with open_desk(orders, DicomConfig(), tmp_path, none_begun, on_query=on_query) as desk:
        assert desk is not None
        await desk.refresh()
        await desk.answer("one", OrdersWanted(request=1, sought="P-1"))
        await desk.answer("one", OrdersWanted(request=2))
    assert [booth for booth, _ in told] == ["", "one", "one", "one"]
