"""DiagnosticReport: the results of one visit together, with what must be known of them."""

from pydicom.sr.coding import Code

from server.dicom import NO_CLINICAL_VALIDATION, REFERENCE_WEIGHTS
from server.fhir.coding import Json, concept, of_terminology
from server.fhir.observations import observation_reference, observations
from server.fhir.telling import Telling, identifier, instant, reference

_TITLE = Code("126000", "DCM", "Imaging Measurement Report")
_IMAGING = Code("18748-4", "LN", "Diagnostic imaging study")
_UNSIGNED = "Not signed by a person."
_WITHDRAWN = "Withdrawn: the visit was entered in error and has been corrected."
_CATEGORY = {"coding": [of_terminology("v2-0074", "IMG", "Diagnostic Imaging")]}


def diagnostic_report(telling: Telling) -> Json:
    """The report of a visit; it names the observations of the stills that stand, of a withdrawn one none."""
    standing = [still for still in telling.record.stills if telling.stands(still)]
    results = [
        observation_reference(parts) for still in standing for parts, _ in observations(telling, still)
    ]
    told: Json = {
        "resourceType": "DiagnosticReport",
        "identifier": [identifier("DiagnosticReport", telling.dicom_study)],
        **telling.based_on,
        "status": telling.status,
        "category": [_CATEGORY],
        "code": concept(_TITLE, _IMAGING),
        "subject": telling.subject,
        "effectiveDateTime": instant(telling.record.visit.opened_at),
        "issued": telling.issued,
        **({"result": results} if results else {}),
        "study" if telling.r5 else "imagingStudy": [telling.study],
        "conclusion": _conclusion(telling),
    }
    if telling.r5 and standing:
        told["media"] = [
            {"link": reference("DocumentReference", *telling.own(still.sop_instance_uid))}
            for still in standing
        ]
    return told


def _conclusion(telling: Telling) -> str:
    if telling.record.withdrawn:
        return _WITHDRAWN
    lines = [NO_CLINICAL_VALIDATION, REFERENCE_WEIGHTS]
    return " ".join(lines if telling.record.signed else [*lines, _UNSIGNED])
