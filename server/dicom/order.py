"""What a hospital ordered, in the objects of the visit that it became (IHE Scheduled Workflow, RAD TF-2 appendix A)."""

from collections.abc import Iterator

from pydicom.dataset import Dataset

from station.protocol import CodedConcept, Issuer, Order

ORDER_OF_STUDY = (
    "IssuerOfAccessionNumberSequence",
    "ProcedureCodeSequence",
    "AdmissionID",
    "IssuerOfAdmissionIDSequence",
    "ServiceEpisodeID",
    "ReasonForVisit",
)
"""Attributes of study and patient study that only an ordered visit has."""
ORDER_OF_IMAGE = (
    "RequestAttributesSequence",
    "PerformedProcedureStepID",
    "PerformedProcedureStepStartDate",
    "PerformedProcedureStepStartTime",
)
"""Attributes of the series that only an ordered visit's images have."""
_LONGEST_CODE = 16


def add_order(image: Dataset, order: Order) -> None:
    """Say on an image, whose patient and study are described, what it was ordered as.

    What the order leaves open stays as it is. Its Study Instance UID is named in the request's attributes, which is where a
    second study for the same order tells whose it is.
    """
    image.AccessionNumber = order.accession_number
    image.ReferringPhysicianName = order.referring_physician_name
    if order.requested_procedure_description:
        image.StudyDescription = order.requested_procedure_description
    if order.requested_procedure_code is not None:
        image.ProcedureCodeSequence = [concept_item(order.requested_procedure_code)]
    _add_issuer(image, "IssuerOfAccessionNumberSequence", order.issuer_of_accession_number)
    _add_encounter(image, order)
    if order.requested_procedure_id or order.scheduled_step_id:
        image.RequestAttributesSequence = [_request(order)]
        image.PerformedProcedureStepID = image.StudyID
        image.PerformedProcedureStepStartDate = image.StudyDate
        image.PerformedProcedureStepStartTime = image.StudyTime


def add_request(report: Dataset, image: Dataset) -> None:
    """Say on a report which request it answers: the one of its image, if that has one (PS3.3 section C.17.2)."""
    for given in image.get("RequestAttributesSequence", ()):
        item = Dataset()
        item.StudyInstanceUID = given.get("StudyInstanceUID", image.StudyInstanceUID)
        item.ReferencedStudySequence = []
        item.AccessionNumber = image.AccessionNumber
        item.PlacerOrderNumberImagingServiceRequest = ""
        item.FillerOrderNumberImagingServiceRequest = ""
        item.RequestedProcedureID = given.get("RequestedProcedureID", "")
        item.RequestedProcedureDescription = given.get("RequestedProcedureDescription", "")
        item.RequestedProcedureCodeSequence = given.get("RequestedProcedureCodeSequence", [])
        report.ReferencedRequestSequence = [item]


def _add_encounter(image: Dataset, order: Order) -> None:
    if order.admission_id:
        image.AdmissionID = order.admission_id
        _add_issuer(image, "IssuerOfAdmissionIDSequence", order.issuer_of_admission_id)
    if order.service_episode_id:
        image.ServiceEpisodeID = order.service_episode_id
    if order.reason_for_visit:
        image.ReasonForVisit = order.reason_for_visit


def _request(order: Order) -> Dataset:
    """An item of the Request Attributes (PS3.3 table 10-9)."""
    item = Dataset()
    if order.study_instance_uid is not None:
        item.StudyInstanceUID = order.study_instance_uid
    for keyword, text in _request_texts(order):
        if text:
            setattr(item, keyword, text)
    if order.accession_number:
        _add_issuer(item, "IssuerOfAccessionNumberSequence", order.issuer_of_accession_number)
    if order.requested_procedure_code is not None:
        item.RequestedProcedureCodeSequence = [concept_item(order.requested_procedure_code)]
    if order.scheduled_protocol_codes:
        item.ScheduledProtocolCodeSequence = [concept_item(one) for one in order.scheduled_protocol_codes]
    return item


def _request_texts(order: Order) -> Iterator[tuple[str, str]]:
    yield "AccessionNumber", order.accession_number
    yield "RequestedProcedureID", order.requested_procedure_id
    yield "RequestedProcedureDescription", order.requested_procedure_description
    yield "ReasonForTheRequestedProcedure", order.reason
    yield "ScheduledProcedureStepID", order.scheduled_step_id
    yield "ScheduledProcedureStepDescription", order.scheduled_step_description


def concept_item(concept: CodedConcept) -> Dataset:
    """The item of a code sequence (PS3.3 section 8.8)."""
    item = Dataset()
    if len(concept.value) > _LONGEST_CODE:
        item.LongCodeValue = concept.value
    else:
        item.CodeValue = concept.value
    item.CodingSchemeDesignator = concept.scheme
    if concept.version:
        item.CodingSchemeVersion = concept.version
    item.CodeMeaning = concept.meaning
    return item


def _add_issuer(dataset: Dataset, keyword: str, issuer: Issuer) -> None:
    """A sequence of one item, if anybody is named (PS3.3 table 10-17)."""
    item = Dataset()
    if issuer.name:
        item.LocalNamespaceEntityID = issuer.name
    if issuer.universal_id and issuer.universal_id_type:
        item.UniversalEntityID = issuer.universal_id
        item.UniversalEntityIDType = issuer.universal_id_type
    if len(item):
        setattr(dataset, keyword, [item])
