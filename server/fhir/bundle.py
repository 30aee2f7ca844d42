"""What brings one visit to a FHIR server, in one transaction or several, and how it is found there again.

Every entry is an update by identifier: a resource that is not there is made, one that is there gets the present state.
Sending again therefore never makes a second one. The report comes last: it never names what is not there.
"""

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote

from server.fhir.coding import Json
from server.fhir.devices import cameras, software
from server.fhir.documents import document
from server.fhir.observations import observations
from server.fhir.patient import patient
from server.fhir.report import diagnostic_report
from server.fhir.study import imaging_study
from server.fhir.telling import Telling, name_of


def entries(telling: Telling) -> list[Json]:
    """Entries with everything that is known of the visit; each refers to itself and to earlier ones alone, by URN."""
    study_uid = telling.dicom_study
    found = [_put(software(telling), "Device", telling.wording.software)]
    found += [
        _put(told, "Device", "camera", camera.manufacturer, camera.model, camera.serial)
        for camera, told in cameras(telling)
    ]
    if telling.wording.demographics:
        found.append(_make(patient(telling), "Patient", study_uid))
    if telling.wording.writes_study:
        found.append(_put(imaging_study(telling), "ImagingStudy", study_uid))
    for still in telling.record.stills:
        found.append(
            _put(document(telling, still), "DocumentReference", *telling.own(still.sop_instance_uid))
        )
        found += [_put(told, "Observation", *parts) for parts, told in observations(telling, still)]
    found.append(_put(diagnostic_report(telling), "DiagnosticReport", study_uid))
    return found


def transactions(found: Sequence[Json], most: int) -> Iterator[list[Json]]:
    """The entries in as many parts as it takes, at most `most` in each."""
    for start in range(0, len(found), most):
        yield list(found[start : start + most])


def bundle(found: Sequence[Json], there: Mapping[str, str]) -> Json:
    """The transaction of these entries; `there` has the places, as TYPE/ID, of what earlier ones brought, by URN."""
    return {"resourceType": "Bundle", "type": "transaction", "entry": [_placed(one, there) for one in found]}


def _placed(part: Json, there: Mapping[str, str]) -> Json:
    return {key: _value(value, there, key) for key, value in part.items()}


def _value(value: object, there: Mapping[str, str], key: str) -> object:
    if isinstance(value, dict):
        return _placed(value, there)
    if isinstance(value, list):
        return [_value(one, there, "") for one in value]
    return there.get(value, value) if key == "reference" and isinstance(value, str) else value


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
