"""Pictures made of a photograph for people to look at: VL Photographic Image objects of type DERIVED (PS3.3 section C.7.6.1.1.2)."""

from pydicom.dataset import Dataset
from pydicom.sr.coding import Code
from pydicom.uid import UID, JPEGBaseline8Bit, VLPhotographicImageStorage
from pydicom.valuerep import DSfloat

from server.dicom.attributes import Making, add_making
from server.dicom.codes import code_item
from server.dicom.evidence import reference
from server.dicom.icc import srgb_profile
from server.dicom.jpeg import parse_baseline
from server.dicom.photo import set_frame
from server.dicom.photo_description import JPEG_METHOD
from server.dicom.photo_modules import add_pixel_description
from server.errors import BadImage

_SOURCE = Code("121322", "DCM", "Source image for image processing operation")
_RESAMPLED = Code("113085", "DCM", "Spatial resampling")
_TAKEN_OVER = (
    "AcquisitionDate",
    "AcquisitionTime",
    "AcquisitionDateTime",
    "AcquisitionContextSequence",
    "PatientOrientation",
    "AnatomicRegionSequence",
    "ImageLaterality",
    "ProtocolName",
    "StationName",
    "InstitutionName",
    "RecognizableVisualFeatures",
    "RequestAttributesSequence",
    "PerformedProcedureStepID",
    "PerformedProcedureStepStartDate",
    "PerformedProcedureStepStartTime",
)


def build_derived_photo(
    photo: Dataset,
    jpeg: bytes,
    *,
    scale: float,
    derivation: str,
    comments: str,
    making: Making,
) -> Dataset:
    """A picture of `photo` with something drawn on it: `jpeg`, baseline sRGB with reduced colour resolution.

    Its first pixel lies on the photograph's first, `scale` of its pixels on one of those; `derivation` says what was done.
    Only attributes of `photo` are read. BurnedInAnnotation is NO, which speaks of text that tells who the patient is and when
    the picture was taken (PS3.3 section C.7.6.1): the caller must draw none. The same arguments give the same bytes.
    Raises `BadImage` for any other JPEG.
    """
    parsed = parse_baseline(jpeg)
    if not parsed.subsampled:
        raise BadImage("a JPEG with full colour resolution has no photometric interpretation in a VL image")
    derived = Dataset()
    title = f"Overlay: {photo.get('SeriesDescription', '')}"
    add_making(derived, photo, making, sop_class_uid=VLPhotographicImageStorage, modality="XC", title=title)
    for keyword in _TAKEN_OVER:
        if keyword in photo:
            setattr(derived, keyword, photo[keyword].value)
    derived.BurnedInAnnotation, derived.ImageComments = "NO", comments
    _add_derivation(derived, photo, scale, derivation)
    add_pixel_description(derived, parsed.rows, parsed.columns)
    derived.PhotometricInterpretation = "YBR_FULL_422"
    derived.ICCProfile, derived.ColorSpace = srgb_profile(), "SRGB"
    _add_lossy(derived, photo, parsed.rows * parsed.columns * 3 / len(parsed.codestream))
    set_frame(derived, parsed.codestream, UID(JPEGBaseline8Bit))
    return derived


def _add_derivation(derived: Dataset, photo: Dataset, scale: float, derivation: str) -> None:
    derived.ImageType = ["DERIVED", "SECONDARY"]
    source = reference(photo)
    source.PurposeOfReferenceCodeSequence = [code_item(_SOURCE)]
    derived.SourceImageSequence = [source]
    derived.DerivationDescription = derivation
    if scale != 1:
        derived.DerivationCodeSequence = [code_item(_RESAMPLED)]
    if "PixelSpacing" in photo:
        derived.PixelSpacing = [DSfloat(float(one) / scale, auto_format=True) for one in photo.PixelSpacing]


def _add_lossy(derived: Dataset, photo: Dataset, ratio: float) -> None:
    """Every lossy compression in its order; where the ratio of an earlier one is unknown, none is told."""
    earlier = photo.get("LossyImageCompressionMethod") or []
    methods = [earlier] if isinstance(earlier, str) else list(earlier)
    known = photo.get("LossyImageCompressionRatio")
    ratios = [] if known is None else list(known) if isinstance(known, list) else [known]
    derived.LossyImageCompression = "01"
    derived.LossyImageCompressionMethod = [*methods, JPEG_METHOD]
    if len(ratios) == len(methods):
        derived.LossyImageCompressionRatio = [*ratios, DSfloat(round(ratio, 2), auto_format=True)]
