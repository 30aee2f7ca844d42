"""The transaction that brings one visit to a FHIR server, and what the server must hold afterwards.

Every entry is an update by identifier: a resource that is not there is made, one that is there gets the present state.
Sending again therefore never makes a second one.
"""

from urllib.parse import quote

from server.fhir.coding import Json
from server.fhir.devices import cameras, software
from server.fhir.documents import document
from server.fhir.observations import observations
from server.fhir.patient import patient
from server.fhir.report import diagnostic_report
from server.fhir.study import imaging_study
from server.fhir.telling import Telling, name_of


def transaction(telling: Telling) -> Json:
    """The bundle with everything that is known of the visit."""
    study_uid = telling.study_uid
    entries = [_put(software(telling), "Device", telling.wording.software)]
    entries += [
        _put(told, "Device", "camera", camera.manufacturer, camera.model, camera.serial)
        for camera, told in cameras(telling)
    ]
    if telling.wording.demographics:
        entries.append(_make(patient(telling), "Patient", study_uid))
    if telling.wording.writes_study:
        entries.append(_put(imaging_study(telling), "ImagingStudy", study_uid))
    for still in telling.record.stills:
        entries.append(_put(document(telling, still), "DocumentReference", still.sop_instance_uid))
        entries += [_put(told, "Observation", *parts) for parts, told in observations(telling, still)]
    entries.append(_put(diagnostic_report(telling), "DiagnosticReport", study_uid))
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def search_for(resource: Json) -> str:
    """The query that finds a resource by its first identifier."""
    known = resource["identifier"][0]
    token = f"{known['system']}|{known['value']}" if known.get("system") else known["value"]
    return f"identifier={quote(token, safe=':')}"


def _put(resource: Json, kind: str, *parts: str) -> Json:
    """An entry that updates the resource with this identifier, or makes it."""
    return {
        "fullUrl": name_of(kind, *parts),
        "resource": resource,
        "request": {"method": "PUT", "url": f"{resource['resourceType']}?{search_for(resource)}"},
    }


def _make(resource: Json, kind: str, *parts: str) -> Json:
    """An entry that makes the resource where there is none with this identifier, and leaves one that is there alone."""
    return {
        "fullUrl": name_of(kind, *parts),
        "resource": resource,
        "request": {
            "method": "POST",
            "url": resource["resourceType"],
            "ifNoneExist": search_for(resource),
        },
    }
