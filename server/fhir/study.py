"""ImagingStudy: what DICOM objects there are, and where they can be had."""

from collections.abc import Iterator, Sequence

from pydicom.sr.coding import Code

from server.dicom import codes
from server.fhir.coding import Json, coding, of_terminology
from server.fhir.devices import camera_reference
from server.fhir.telling import IN_ERROR, Telling, instant, study_identifier
from server.store import Instance, Still

_DESCRIPTION = "Skin photography"
_WADO = of_terminology("endpoint-connection-type", "dicom-wado-rs", "DICOM WADO-RS")
_ANY = of_terminology("endpoint-payload-type", "any", "Any")


def imaging_study(telling: Telling) -> Json:
    """The study of a visit with all series and instances that have been made so far."""
    accession = telling.accession
    series = list(_series(telling))
    modalities = sorted({one["modality"]["code"] for one in series})
    return {
        "resourceType": "ImagingStudy",
        **_endpoint(telling),
        "identifier": [study_identifier(telling.dicom_study), *([accession] if accession else [])],
        "status": IN_ERROR if telling.record.withdrawn else "available" if series else "registered",
        **({"modality": [_modality(one, telling.r5) for one in modalities]} if modalities else {}),
        "subject": telling.subject,
        "started": instant(telling.record.visit.opened_at),
        **telling.based_on,
        "numberOfSeries": len(series),
        "numberOfInstances": sum(one["numberOfInstances"] for one in series),
        "description": _DESCRIPTION,
        **({"series": [_released(one, telling.r5) for one in series]} if series else {}),
    }


def _series(telling: Telling) -> Iterator[Json]:
    """The series as R4 has them."""
    stills = {still.sop_instance_uid: still for still in telling.record.stills}
    for uid in dict.fromkeys(one.series_instance_uid for one in telling.record.instances):
        members = [one for one in telling.record.instances if one.series_instance_uid == uid]
        found = [stills[one.still_uid] for one in members if one.still_uid in stills]
        yield {
            "uid": uid,
            "modality": _modality(members[0].modality, as_concept=False),
            "numberOfInstances": len(members),
            **(_of_picture(found) if found else {}),
            "instance": [_instance(one) for one in members],
        }


def _of_picture(stills: Sequence[Still]) -> Json:
    """Where on the body, when, and by which camera."""
    first = stills[0]
    told: Json = {
        "bodySite": coding(picture_site(first)),
        "started": instant(first.header.captured_at or first.received_at),
    }
    if first.header.camera is not None:
        told["performer"] = [{"actor": camera_reference(first.header.camera)}]
    return told


def picture_site(still: Still) -> Code:
    """What a still shows."""
    return codes.VIEW_ANATOMY[still.header.view]


def _instance(instance: Instance) -> Json:
    return {
        "uid": instance.sop_instance_uid,
        "sopClass": {"system": "urn:ietf:rfc3986", "code": f"urn:oid:{instance.sop_class_uid}"},
    }


def _released(series: Json, r5: bool) -> Json:
    """A series as the release has it: R5 made two codings concepts."""
    if not r5:
        return series
    told = dict(series)
    told["modality"] = {"coding": [series["modality"]]}
    if "bodySite" in series:
        told["bodySite"] = {"concept": {"coding": [series["bodySite"]]}}
    return told


def _modality(modality: str, as_concept: bool) -> Json:
    words = _MODALITIES.get(modality)
    code = coding(Code(modality, "DCM", words or modality))
    return {"coding": [code]} if as_concept else code


_MODALITIES = {
    "XC": "External-camera Photography",
    "DMS": "Dermoscopy",
    "SEG": "Segmentation",
    "SR": "Structured Report Document",
    "KO": "Key Object Selection",
    "PR": "Presentation State",
    "DOC": "Document",
}


def _endpoint(telling: Telling) -> Json:
    """The DICOMweb service as contained Endpoint."""
    if not telling.wording.dicomweb:
        return {}
    endpoint = {
        "resourceType": "Endpoint",
        "id": "wado",
        "status": "active",
        "connectionType": [{"coding": [_WADO]}] if telling.r5 else _WADO,
        **({} if telling.r5 else {"payloadType": [{"coding": [_ANY]}]}),
        "address": telling.wording.dicomweb,
    }
    return {"contained": [endpoint], "endpoint": [{"reference": "#wado"}]}
