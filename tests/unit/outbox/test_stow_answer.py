"""Answers of STOW-RS and QIDO-RS in JSON and XML; what is neither is refused in words."""

import contextlib
import json
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.outbox.destinations.stow_answer import Unreadable, read_found, read_stored

pytestmark = pytest.mark.unit

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

JSON = "application/dicom+json"
XML = "application/dicom+xml"
STORED = {
    "00081190": {"vr": "UR", "Value": ["http://pacs/studies/1.2"]},
    "00081198": {
        "vr": "SQ",
        "Value": [
            {
                "00081150": {"vr": "UI", "Value": ["1.2.3"]},
                "00081155": {"vr": "UI", "Value": ["1.2.3.5"]},
                "00081197": {"vr": "US", "Value": [49442]},
            }
        ],
    },
    "00081199": {"vr": "SQ", "Value": [{"00081155": {"vr": "UI", "Value": ["1.2.3.4"]}}]},
}
NATIVE = b"""<?xml version="1.0" encoding="utf-8"?>
<NativeDicomModel xmlns="http://dicom.nema.org/PS3.19/models/NativeDICOM">
 <DicomAttribute tag="00081198" vr="SQ" keyword="FailedSOPSequence"><Item number="1">
  <DicomAttribute tag="00081155" vr="UI"><Value number="1">1.2.3.5</Value></DicomAttribute>
  <DicomAttribute tag="00081197" vr="US"><Value number="1">49442</Value></DicomAttribute>
 </Item></DicomAttribute>
 <DicomAttribute tag="00081199" vr="SQ"><Item number="1">
  <DicomAttribute tag="00081155" vr="UI"><Value number="1">1.2.3.4</Value></DicomAttribute>
 </Item></DicomAttribute>
</NativeDicomModel>"""
BOMB = b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<NativeDicomModel>&b;</NativeDicomModel>"""


@pytest.mark.parametrize(("body", "kind"), [(json.dumps(STORED).encode(), JSON), (NATIVE, XML)])
def test_stored_and_failed(body: bytes, kind: str) -> None:
    answer = read_stored(body, kind)
    assert answer.stored == {"1.2.3.4"}
    assert answer.failed == {"1.2.3.5": 0xC122}


def test_found() -> None:
    told = [
        {
            "00080018": {"vr": "UI", "Value": ["1.2.3.4"]},
            "0020000D": {"vr": "UI", "Value": ["1.2"]},
        },
        {"00080018": {"vr": "UI", "Value": ["1.2.3.5"]}},
    ]
    assert read_found(json.dumps(told).encode(), JSON) == [("1.2.3.4", "1.2"), ("1.2.3.5", None)]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", JSON),
        (b"<html>", JSON),
        (b'"text"', JSON),
        (b"[" * 100_000, JSON),
        (b'{"00081199":' * 50_000, JSON),
        (BOMB, XML),
        (b"<a>" * 100_000, XML),
        (b'{"00081199":{"Value":[3]}}', JSON),
        (b'{"00081199":{"Value":[{"00081155":{"Value":["../1"]}}]}}', JSON),
        (b'{"00081199":{"Value":[{"00081155":{"Value":[{}]}}]}}', JSON),
        (b'{"00081198":{"Value":[{"00081155":{"Value":["1.2"]},"00081197":{"Value":["x"]}}]}}', JSON),
    ],
)
def test_what_is_no_answer(body: bytes, kind: str) -> None:
    started = time.thread_time()
    with pytest.raises(Unreadable):
        read_stored(body, kind)
    assert time.thread_time() - started < 2


@UNHURRIED
@given(data=st.data(), kind=st.sampled_from([JSON, XML, ""]))
def test_changed_answers_are_read_or_refused(data: st.DataObject, kind: str) -> None:
    body = bytearray(NATIVE if kind == XML else json.dumps(STORED).encode())
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 8))] = data.draw(st.binary(max_size=8))
        body = body or bytearray(b" ")
    for read in (read_stored, read_found):
        with contextlib.suppress(Unreadable):
            read(bytes(body), kind)


@UNHURRIED
@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["00081199", "00081198", "00081155", "00081197", "Value", "vr"]), inner
            )
        ),
    )
)
def test_any_json_is_read_or_refused(told: object) -> None:
    for read in (read_stored, read_found):
        with contextlib.suppress(Unreadable):
            read(json.dumps(told).encode(), JSON)
