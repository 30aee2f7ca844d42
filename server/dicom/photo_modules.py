"""The modules of a photograph, one function each (PS3.3 section A.32.4.3)."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime

from pydicom.dataset import Dataset
from pydicom.uid import VLPhotographicImageStorage
from pydicom.valuerep import DSfloat

from server.dicom import codes
from server.dicom.attributes import date, offset, time
from server.dicom.context import acquisition_context, is_calibrated
from server.dicom.dermoscopy import make_dermoscopic
from server.dicom.order import add_order, concept_item
from server.dicom.photo_description import PhotoDescription
from station.protocol import FrameHeader, View


def photo_attributes(description: PhotoDescription) -> Dataset:
    """All that a photograph says but how its pixels are coded; through a dermoscope it is a Dermoscopic Photography Image."""
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


def _title(header: FrameHeader) -> str:
    light = codes.ILLUMINATION[header.light].words
    if header.dermoscope is not None:
        light = f"Dermoscopy, {light[0].lower()}{light[1:]}"
    return light if header.view is View.UNSPECIFIED else f"{light}, {codes.VIEW[header.view].meaning.lower()}"
