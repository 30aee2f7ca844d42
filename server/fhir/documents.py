"""DocumentReference: each photograph, as the DICOM object that it is or as a JPEG within the resource."""

import base64

from pydicom.sr.coding import Code

from server.dicom import codes
from server.fhir.coding import Json, coding, concept
from server.fhir.devices import software_reference
from server.fhir.study import picture_site
from server.fhir.telling import DICOM_UID, Telling, identifier, instant
from server.store import Still

_PHOTOGRAPH = Code("72170-4", "LN", "Photographic image")


def document(telling: Telling, still: Still) -> Json:
    """The photograph of a still; one that was taken again is superseded, one that was withdrawn was entered in error."""
    header = still.header
    words = f"{codes.VIEW[header.view].meaning}, {codes.ILLUMINATION[header.light].words.lower()}"
    photo = telling.photo(still)
    named = [{"system": DICOM_UID, "value": f"urn:oid:{photo[-1]}"}] if photo else []
    told: Json = {
        "resourceType": "DocumentReference",
        "identifier": [identifier("DocumentReference", *telling.own(still.sop_instance_uid)), *named],
        "status": telling.status_of(still, "superseded", "current"),
        "docStatus": telling.status_of(still, telling.status, telling.status),
        "type": concept(_PHOTOGRAPH),
        "subject": telling.subject,
        "date": instant(still.received_at),
        "author": [software_reference(telling)],
        "description": words,
        "content": [{"attachment": _attachment(telling, still, words)}],
    }
    if telling.r5:
        site = picture_site(still)
        return told | telling.based_on | {"bodySite": [{"concept": {"coding": [coding(site)]}}]}
    return told | {"context": {"related": [telling.study]}}


def _attachment(telling: Telling, still: Still, words: str) -> Json:
    taken = instant(still.header.captured_at or still.received_at)
    told: Json = {"title": words, "creation": taken}
    rendition = telling.record.renditions.get(still.sop_instance_uid)
    if rendition is not None:
        return {"contentType": "image/jpeg", "data": base64.b64encode(rendition).decode(), **told}
    address = _address(telling, still)
    return {"contentType": "application/dicom", **({"url": address} if address else {}), **told}


def _address(telling: Telling, still: Still) -> str:
    """Where WADO-RS has the object; empty: nobody said, or it was withdrawn."""
    root, photo = telling.wording.dicomweb, telling.photo(still)
    if not root or photo is None or telling.is_withdrawn(still):
        return ""
    study, series, instance = photo
    return f"{root}/studies/{study}/series/{series}/instances/{instance}"
