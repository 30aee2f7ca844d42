"""VL Photographic Image objects (PS3.3 section A.32.4), and Dermoscopic Photography Image objects with the same pixels."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID, JPEGBaseline8Bit, JPEGLSLossless, VLPhotographicImageStorage
from pydicom.valuerep import DSfloat

from server.dicom import codes, jpegls
from server.dicom.attributes import Equipment, date, file_meta, offset, time
from server.dicom.context import acquisition_context, is_calibrated
from server.dicom.dermoscopy import make_dermoscopic
from server.dicom.icc import srgb_profile
from server.dicom.jpeg import parse_baseline
from server.dicom.order import add_order, concept_item
from server.errors import BadImage
from station.protocol import BodySite, Conditions, FrameHeader, Order, Patient, QualityReport, View

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


def build_photo(description: PhotoDescription, srgb: NDArray[np.uint8]) -> Dataset:
    """The photograph with its pixels as JPEG-LS lossless.

    `srgb` is (H, W, 3) uint8 of the header's size; raises `BadImage` for any other. The same arguments give the same
    bytes.
    """
    header = description.header
    if srgb.shape != (header.height, header.width, 3) or srgb.dtype != np.uint8:
        raise BadImage(f"pixels are {srgb.dtype} {srgb.shape}, not uint8 {(header.height, header.width, 3)}")
    photo = _attributes(description)
    photo.PhotometricInterpretation = "RGB"
    photo.ICCProfile, photo.ColorSpace = srgb_profile(), "SRGB"
    _set_lossy(photo, description.lossy)
    set_frame(photo, jpegls.encode(srgb), JPEGLSLossless)
    return photo


def build_photo_from_jpeg(description: PhotoDescription, jpeg: bytes) -> Dataset:
    """The photograph around a camera's baseline JPEG.

    Tables and entropy-coded data stay byte for byte; EXIF, comments and other metadata segments are left out, an
    ICC profile moves into the object. Raises `BadImage` for what cannot be kept so: other JPEG processes, RGB or CMYK
    codestreams, full colour resolution (4:4:4), a picture that EXIF says to turn, another size than the header's.
    """
    parsed = parse_baseline(jpeg)
    header = description.header
    if (parsed.rows, parsed.columns) != (header.height, header.width):
        raise BadImage(f"the JPEG is {parsed.columns}x{parsed.rows}, not {header.width}x{header.height}")
    if not parsed.subsampled:
        # YBR_FULL is no enumerated value of VL images (PS3.3 section C.8.12.1.1.2).
        raise BadImage("a JPEG with full colour resolution has no photometric interpretation in a VL image")
    photo = _attributes(description)
    photo.PhotometricInterpretation = "YBR_FULL_422"
    photo.ICCProfile = parsed.icc_profile or srgb_profile()
    if parsed.icc_profile is None:
        photo.ColorSpace = "SRGB"
    ratio = header.width * header.height * 3 / len(parsed.codestream)
    _set_lossy(photo, LossyCompression(ratio=ratio))
    set_frame(photo, parsed.codestream, JPEGBaseline8Bit)
    return photo


def _attributes(description: PhotoDescription) -> Dataset:
    photo = Dataset()
    photo.SpecificCharacterSet = "ISO_IR 192"
    modules: tuple[Callable[[Dataset, PhotoDescription], None], ...] = (
        _patient_and_study,
        _series,
        _equipment,
        _image,
        _acquisition,
        _camera_settings,
        _pixel_description,
    )
    for add_module in modules:
        add_module(photo, description)
    if description.header.dermoscope is not None:
        make_dermoscopic(photo, description.header.dermoscope, description.header.light)
    return photo


def _patient_and_study(photo: Dataset, description: PhotoDescription) -> None:
    patient = description.patient
    photo.PatientName = patient.patient_name
    photo.PatientID = patient.patient_id
    photo.PatientBirthDate = patient.patient_birth_date
    photo.PatientSex = patient.patient_sex
    if patient.issuer_of_patient_id:
        photo.IssuerOfPatientID = patient.issuer_of_patient_id
    photo.StudyInstanceUID = description.study_instance_uid
    photo.StudyDate = date(description.study_at)
    photo.StudyTime = time(description.study_at)
    photo.TimezoneOffsetFromUTC = offset(description.study_at)
    photo.StudyID = description.study_id or study_id(description.study_instance_uid)
    photo.StudyDescription = description.study_description
    photo.AccessionNumber = description.accession_number
    photo.ReferringPhysicianName = description.referring_physician_name
    if description.order is not None:
        add_order(photo, description.order)


def study_id(study_instance_uid: str) -> str:
    """Eight digits that a Study Instance UID always gives, for people to say."""
    return hashlib.sha256(study_instance_uid.encode()).hexdigest()[:8].upper()


def _series(photo: Dataset, description: PhotoDescription) -> None:
    at = description.series_at.astimezone(description.study_at.tzinfo)
    photo.Modality = "XC"
    photo.SeriesInstanceUID = description.series_instance_uid
    photo.SeriesNumber = description.series_number
    photo.SeriesDate = date(at)
    photo.SeriesTime = time(at)
    photo.SeriesDescription = _title(description.header)
    if description.protocol_name:
        photo.ProtocolName = description.protocol_name


def _equipment(photo: Dataset, description: PhotoDescription) -> None:
    booth, camera = description.equipment, description.header.camera
    photo.Manufacturer = camera.manufacturer if camera else booth.manufacturer
    photo.ManufacturerModelName = camera.model if camera else booth.model
    photo.DeviceSerialNumber = camera.serial if camera else booth.serial
    photo.SoftwareVersions = list(booth.software_versions)
    if description.station_name:
        photo.StationName = description.station_name[:16]
    if description.institution_name:
        photo.InstitutionName = description.institution_name


def _image(photo: Dataset, description: PhotoDescription) -> None:
    header = description.header
    photo.SOPClassUID = VLPhotographicImageStorage
    photo.SOPInstanceUID = description.sop_instance_uid
    photo.CodingSchemeIdentificationSequence = codes.coding_schemes()
    photo.InstanceNumber = description.instance_number
    photo.ImageType = ["ORIGINAL", "PRIMARY"]
    photo.PatientOrientation = _ORIENTATION[header.view]
    _add_site(photo, description)
    photo.BurnedInAnnotation = "NO"
    photo.RecognizableVisualFeatures = "YES"
    photo.ImageComments = description.comments or _comments(description)
    if description.replaces:
        photo.ReferencedImageSequence = [_taken_again(description.replaces)]


def _add_site(photo: Dataset, description: PhotoDescription) -> None:
    site = description.site
    if site is None:
        photo.AnatomicRegionSequence = [codes.code_item(codes.VIEW_ANATOMY[description.header.view])]
        photo.ImageLaterality = "U"
        return
    region = concept_item(site.code)
    if site.side is not None:
        region.AnatomicRegionModifierSequence = [codes.code_item(codes.SIDES[site.side])]
    photo.AnatomicRegionSequence = [region]
    photo.ImageLaterality = "U" if site.side is None else site.side[0].upper()


def _comments(description: PhotoDescription) -> str:
    header = description.header
    parts = [_title(header), codes.PREPARATION[header.preparation].meaning]
    if description.replaces:
        parts.append("taken again")
    if description.override:
        parts.append(f"shot although a correction was asked for: {description.override}")
    return "; ".join(parts)


def _taken_again(sop_instance_uid: str) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = VLPhotographicImageStorage
    item.ReferencedSOPInstanceUID = sop_instance_uid
    item.PurposeOfReferenceCodeSequence = [codes.code_item(codes.TAKEN_AGAIN)]
    return item


_ORIENTATION: dict[View, list[str]] = {
    View.FRONT: ["L", "F"],
    View.LEFT_45: ["LP", "F"],
    View.RIGHT_45: ["LA", "F"],
    View.NECK: ["L", "F"],
    View.UNSPECIFIED: [],
}
"""Where the picture's rows and columns point on the subject (PS3.3 section C.7.6.1.1.1)."""


def _acquisition(photo: Dataset, description: PhotoDescription) -> None:
    header = description.header
    zone = description.study_at.tzinfo
    content_at = description.series_at.astimezone(zone)
    if header.captured_at > 0:
        content_at = datetime.fromtimestamp(header.captured_at, UTC).astimezone(zone)
        photo.AcquisitionDate, photo.AcquisitionTime = date(content_at), time(content_at)
        photo.AcquisitionDateTime = date(content_at) + time(content_at) + offset(content_at)
    photo.ContentDate, photo.ContentTime = date(content_at), time(content_at)
    photo.AcquisitionContextSequence = acquisition_context(
        header,
        description.quality,
        uv_wavelength_nm=description.uv_wavelength_nm,
        conditions=description.conditions,
        override=description.override,
    )


def _camera_settings(photo: Dataset, description: PhotoDescription) -> None:
    header = description.header
    if header.actual is not None:
        photo.ExposureTimeInSeconds = DSfloat(header.actual.time_s, auto_format=True)
    if header.camera is not None and header.camera.lens:
        photo.LensModel = header.camera.lens
    if is_calibrated(header) and header.px_per_mm is not None:
        photo.PixelSpacing = [DSfloat(1 / header.px_per_mm, auto_format=True)] * 2


def _pixel_description(photo: Dataset, description: PhotoDescription) -> None:
    add_pixel_description(photo, description.header.height, description.header.width)


def add_pixel_description(image: Dataset, rows: int, columns: int) -> None:
    """Say that the pixels are three samples of 8 bits."""
    image.Rows, image.Columns = rows, columns
    image.SamplesPerPixel, image.PlanarConfiguration = 3, 0
    image.BitsAllocated, image.BitsStored, image.HighBit = 8, 8, 7
    image.PixelRepresentation = 0


def _set_lossy(photo: Dataset, lossy: LossyCompression | None) -> None:
    photo.LossyImageCompression = "00" if lossy is None else "01"
    if lossy is not None:
        photo.LossyImageCompressionMethod = lossy.method
        if lossy.ratio is not None:
            photo.LossyImageCompressionRatio = DSfloat(round(lossy.ratio, 2), auto_format=True)


def set_frame(photo: Dataset, codestream: bytes, transfer_syntax: UID) -> None:
    """Give an image its one frame, and the file meta information that goes with it."""
    photo.file_meta = file_meta(photo, transfer_syntax)
    photo.PixelData = encapsulate([codestream])
    photo["PixelData"].VR = "OB"
    photo["PixelData"].is_undefined_length = True


def _title(header: FrameHeader) -> str:
    light = codes.ILLUMINATION[header.light].words
    if header.dermoscope is not None:
        light = f"Dermoscopy, {light[0].lower()}{light[1:]}"
    return light if header.view is View.UNSPECIFIED else f"{light}, {codes.VIEW[header.view].meaning.lower()}"
