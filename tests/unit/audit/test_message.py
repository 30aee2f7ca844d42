"""Audit messages keep to the schema and the codes of the standard."""

import base64

import pytest

from server.audit import Action, Actor, AuditEvent, AuditSource, Result, Subject, codes, events, write_message
from tests.fixtures.audit_schema import assert_valid_message, details

pytestmark = pytest.mark.unit

SOURCE = AuditSource("booths.example", site="Dermatology", process="dermabooth live")
DOCTOR = Actor(user_id="dr.lee", address="192.0.2.7")
PACS = Actor(user_id="dicom://ORTHANC", address="pacs.example", requestor=False)
SUBJECT = Subject(patient_id="P-1047", issuer="HOSPITAL")
STUDY = "2.25.1"
INSTANCES = {"1.2.840.10008.5.1.4.1.1.77.1.4": ["2.25.2", "2.25.3"]}

EVENTS = {
    "start": events.started("dermabooth live"),
    "stop": events.started("dermabooth live", stopped=True),
    "login": events.signed_in("dr.lee", "192.0.2.7"),
    "refused": events.signed_in("", "2001:db8::1", refused="the token is not valid here"),
    "logout": events.signed_in("dr.lee", "192.0.2.7", out=True),
    "access": events.accessed(DOCTOR, STUDY, SUBJECT, what="picture"),
    "begin": events.transferred(SOURCE.actor, PACS, STUDY, INSTANCES, SUBJECT, beginning=True),
    "transferred": events.transferred(SOURCE.actor, PACS, STUDY, INSTANCES, SUBJECT),
    "not transferred": events.transferred(SOURCE.actor, PACS, STUDY, INSTANCES, SUBJECT, failed="0xA700"),
    "find": events.queried(
        SOURCE.actor, PACS, b"\x08\x00", sop_class_uid="1.2.840.10008.5.1.4.31", transfer_syntax_uid="1.2.840.10008.1.2"
    ),
    "search": events.queried(DOCTOR, SOURCE.actor, b"q=moreau"),
    "export": events.exported(DOCTOR, "/mnt/study", [events.study(STUDY, anonymized=True)], [SUBJECT]),
    "patient": events.patient_changed(DOCTOR, SUBJECT, Action.UPDATE, what="visit moved"),
    "alert": events.alert(codes.NODE_AUTHENTICATION, PACS, "the booth's key is not in the allow-list"),
}  # fmt: skip


@pytest.mark.parametrize("name", EVENTS)
def test_a_message_keeps_to_the_schema(name: str) -> None:
    assert_valid_message(write_message(EVENTS[name], SOURCE))


def test_an_access_says_who_what_and_whose() -> None:
    root = assert_valid_message(write_message(EVENTS["access"], SOURCE))
    person = root.find("ActiveParticipant")
    assert person is not None
    assert person.attrib == {
        "UserID": "dr.lee",
        "UserIsRequestor": "true",
        "NetworkAccessPointID": "192.0.2.7",
        "NetworkAccessPointTypeCode": "2",
    }
    ids = [one.attrib["ParticipantObjectID"] for one in root.iter("ParticipantObjectIdentification")]
    assert ids == [STUDY, "P-1047^^^HOSPITAL"]
    assert details(root) == {"access": "picture"}


def test_a_machine_by_name_is_told_from_an_address() -> None:
    root = assert_valid_message(write_message(EVENTS["begin"], SOURCE))
    assert [one.get("NetworkAccessPointTypeCode") for one in root.iter("ActiveParticipant")] == ["1", "1"]
    assert [one.attrib["csd-code"] for one in root.iter("RoleIDCode")] == ["110153", "110152"]


def test_a_failed_transfer_names_its_instances_and_another_counts_them() -> None:
    good = assert_valid_message(write_message(EVENTS["transferred"], SOURCE))
    bad = assert_valid_message(write_message(EVENTS["not transferred"], SOURCE))
    assert [one.attrib["NumberOfInstances"] for one in good.iter("SOPClass")] == ["2"]
    assert not list(good.iter("Instance"))
    assert [one.attrib["UID"] for one in bad.iter("Instance")] == ["2.25.2", "2.25.3"]


def test_a_query_is_kept_byte_by_byte() -> None:
    root = assert_valid_message(write_message(EVENTS["find"], SOURCE))
    query = root.findtext(".//ParticipantObjectQuery")
    assert query is not None
    assert base64.b64decode(query) == b"\x08\x00"


def test_what_xml_cannot_hold_or_would_break_the_line_is_replaced() -> None:
    event = AuditEvent(
        id=codes.QUERY,
        action=Action.EXECUTE,
        result=Result.MINOR_FAILURE,
        reason='a\nb\x00<c>&"',
        actors=(Actor(user_id="x\x1b\ud800\r\n2 00 <AuditMessage>", address="\t"),),
    )
    written = write_message(event, SOURCE)
    assert b"\n" not in written
    root = assert_valid_message(written)
    assert root.findtext("EventIdentification/EventOutcomeDescription") == 'a\ufffdb\ufffd<c>&"'


def test_an_unidentified_patient_is_said_to_be_one() -> None:
    root = assert_valid_message(write_message(events.accessed(DOCTOR, STUDY, Subject()), SOURCE))
    assert root.findall("ParticipantObjectIdentification")[1].attrib["ParticipantObjectID"] == "unidentified"
