"""What is told of a photograph, from which its attributes follow."""

from dataclasses import dataclass, field
from datetime import datetime

from server.dicom.attributes import Equipment
from station.protocol import BodySite, Conditions, FrameHeader, Order, Patient, QualityReport

JPEG_METHOD = "ISO_10918_1"
"""Defined term of LossyImageCompressionMethod for JPEG (PS3.3 section C.7.6.1.1.5.1)."""


@dataclass(frozen=True, kw_only=True)
class LossyCompression:
    """That the pixels were lossily compressed before they came here."""

    method: str = JPEG_METHOD
    """Defined term of LossyImageCompressionMethod."""
    ratio: float | None = None
    """Bytes before by bytes after."""


@dataclass(frozen=True, kw_only=True)
class PhotoDescription:
    """Everything that a photograph's attributes say; times are aware datetimes."""

    patient: Patient
    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    series_number: int
    instance_number: int
    header: FrameHeader
    study_at: datetime
    """Beginning of the visit; its time zone is that of every time in the object."""
    series_at: datetime
    """Beginning of the series, i.e. of this view and light."""
    equipment: Equipment
    """The booth; the header's camera, where known, stands for manufacturer, model and serial number."""
    station_name: str = ""
    quality: QualityReport | None = None
    study_id: str = ""
    """Shown to people; where empty, eight digits that the Study Instance UID always gives."""
    study_description: str = "Skin photography"
    accession_number: str = ""
    referring_physician_name: str = ""
    order: Order | None = None
    """What the visit was ordered as; it stands above the four before it."""
    institution_name: str = ""
    protocol_name: str = ""
    comments: str = ""
    conditions: Conditions = field(default_factory=Conditions)
    replaces: str | None = None
    """SOP Instance UID of the earlier photograph of the visit that this one was taken again for."""
    override: str = ""
    """Why it was shot although the booth's gate asked for a correction."""
    uv_wavelength_nm: float | None = None
    """Emission of the ultraviolet lamp."""
    lossy: LossyCompression | None = None
    site: BodySite | None = None
    """Where the picture is of; it stands above what the view tells."""

    def __post_init__(self) -> None:
        if self.study_at.utcoffset() is None or self.series_at.utcoffset() is None:
            raise ValueError("study_at and series_at need a time zone")
