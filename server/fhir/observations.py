"""Observation: one per measure of a still, and one for the quality of its picture."""

import math
from collections.abc import Iterator

from server.dicom import NO_CLINICAL_VALIDATION, codes
from server.fhir.coding import Json, body_site, concept, of_terminology, quantity
from server.fhir.devices import software_reference
from server.fhir.telling import Telling, identifier, instant, reference
from server.store import Still
from station.protocol import Measure, Verdict

_CATEGORY = {"coding": [of_terminology("observation-category", "imaging", "Imaging")]}


def observations(telling: Telling, still: Still) -> Iterator[tuple[tuple[str, ...], Json]]:
    """The observations of a still, each with the parts of its name (`telling.name_of`).

    Those of a still that was taken again are cancelled, those of one that was withdrawn were entered in error: whoever has
    them learns it.
    """
    uid = still.sop_instance_uid
    own = telling.own(uid)
    for measure in telling.record.measures.get(uid, ()):
        parts = (*own, measure.region, measure.name)
        yield parts, {**_common(telling, still, parts), **_measured(measure)}
    if still.quality is not None:
        parts = (*own, "picture", "quality")
        yield parts, {**_common(telling, still, parts), **_quality(still)}


def observation_reference(parts: tuple[str, ...]) -> Json:
    """A reference to an observation."""
    return reference("Observation", *parts)


def _common(telling: Telling, still: Still, parts: tuple[str, ...]) -> Json:
    header = still.header
    light, view = codes.ILLUMINATION[header.light].method, codes.VIEW[header.view]
    return {
        "resourceType": "Observation",
        "identifier": [identifier("Observation", *parts)],
        **telling.based_on,
        "status": telling.status_of(still, "cancelled", telling.status),
        "category": [_CATEGORY],
        "subject": telling.subject,
        "effectiveDateTime": instant(header.captured_at or still.received_at),
        "issued": telling.issued,
        "device": software_reference(telling),
        "derivedFrom": [telling.study, reference("DocumentReference", *telling.own(still.sop_instance_uid))],
        "note": [{"text": NO_CLINICAL_VALIDATION}],
        "component": [
            {"code": concept(codes.ILLUMINATION_METHOD), "valueCodeableConcept": concept(light)},
            {"code": concept(codes.IMAGE_VIEW), "valueCodeableConcept": concept(view)},
        ],
    }


def _measured(measure: Measure) -> Json:
    told: Json = {
        "code": concept(codes.named(measure.name)),
        "bodySite": body_site(measure.region),
        **({"method": {"text": measure.method}} if measure.method not in ("", "none") else {}),
    }
    if measure.value is not None and math.isfinite(measure.value):
        return told | {"valueQuantity": quantity(measure.value, measure.unit)}
    return told | {"dataAbsentReason": _absent(measure)}


def _absent(measure: Measure) -> Json:
    if measure.value is not None:
        coded = of_terminology("data-absent-reason", "not-a-number", "Not a Number (NaN)")
        return {"coding": [coded], "text": "not a finite number"}
    coded = of_terminology("data-absent-reason", "not-performed", "Not Performed")
    return {"coding": [coded], "text": measure.reason or "not measurable"}


def _quality(still: Still) -> Json:
    report = still.quality
    verdict = Verdict.UNKNOWN if report is None else report.verdict
    advice = () if report is None else report.advice
    return {
        "code": concept(codes.QUALITY_ASSESSMENT),
        "valueCodeableConcept": concept(codes.PICTURE_VERDICT[verdict]),
        **({"method": {"text": f"profile {report.profile}"}} if report is not None else {}),
        "note": [{"text": line} for line in (NO_CLINICAL_VALIDATION, *advice)],
    }
