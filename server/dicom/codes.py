"""Coded concepts of the DICOM objects.

Standard codes come from PS3.16 (`DCM`) and SNOMED CT (`SCT`); what neither holds is coded in the private scheme
`PRIVATE_SCHEME`, which every object declares in CodingSchemeIdentificationSequence.
"""

import hashlib
import re
from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.sr.coding import Code

from station.protocol import Light, Preparation, Verdict, View

PRIVATE_SCHEME = "99DERMABOOTH"
"""Designator of the private coding scheme (PS3.3 section 8.2: begins with 99, at most 16 characters)."""
PRIVATE_SCHEME_VERSION = "1"

_CODE_LENGTH = 16
_MEANING_LENGTH = 64


def private(value: str, meaning: str) -> Code:
    """A code of the private scheme."""
    return Code(value, PRIVATE_SCHEME, meaning[:_MEANING_LENGTH])


def named(name: str, *, region: str = "", prefix: str = "") -> Code:
    """The private code that a measure's name always gives.

    The value is the name in capitals; where that is over the 16 characters of a Code Value, its end gives way to
    six digits of the name's SHA-1. `region` tells the same measure of two regions apart, `prefix` what is said of it.
    """
    words = f"{name} {region}".strip()
    value = re.sub(r"[^A-Z0-9]+", "_", f"{prefix} {words}".strip().upper()).strip("_") or "X"
    if len(value) > _CODE_LENGTH or not words.isascii():
        digest = hashlib.sha1(f"{prefix} {words}".encode(), usedforsecurity=False).hexdigest()
        value = f"{value[:9]}-{digest[:6].upper()}"
    meaning = f"{prefix}: {name}" if prefix else name
    return private(value, _sentence(f"{meaning}, {region}" if region else meaning))


def _sentence(text: str) -> str:
    words = text.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def code_item(code: Code) -> Dataset:
    """The item of a code sequence (PS3.3 section 8.8)."""
    item = Dataset()
    item.CodeValue = code.value
    item.CodingSchemeDesignator = code.scheme_designator
    item.CodeMeaning = code.meaning
    return item


def coding_schemes() -> list[Dataset]:
    """The items of CodingSchemeIdentificationSequence that declare the private scheme."""
    item = Dataset()
    item.CodingSchemeDesignator = PRIVATE_SCHEME
    item.CodingSchemeName = "dermabooth codes"
    item.CodingSchemeVersion = PRIVATE_SCHEME_VERSION
    item.CodingSchemeResponsibleOrganization = "dermabooth"
    return [item]


# Anatomy: PS3.16 CID 4029 Dermatology Anatomic Site, sides from CID 244 Laterality.
SKIN = Code("39937001", "SCT", "Skin")
FACE = Code("73897004", "SCT", "Skin of face")
NECK = Code("43081002", "SCT", "Skin of neck")
RIGHT = Code("24028007", "SCT", "Right")
LEFT = Code("7771000", "SCT", "Left")

_SITES = {
    "skin": SKIN,
    "picture": SKIN,
    "face": FACE,
    "forehead": Code("68698007", "SCT", "Skin of forehead"),
    "cheek": Code("36141000", "SCT", "Skin of cheek"),
    "nose": Code("113179006", "SCT", "Skin of nose"),
    "chin": Code("23747009", "SCT", "Skin of chin"),
    "periorbital": Code("362916000", "SCT", "Skin of eye region"),
    "perioral": Code("110488009", "SCT", "Skin of perioral region of face"),
    "upper_lip": Code("16251004", "SCT", "Skin of upper lip"),
    "lower_lip": Code("66934001", "SCT", "Skin of lower lip"),
    "temple": Code("16621002", "SCT", "Skin of temporal region"),
    "jawline": Code("244097004", "SCT", "Skin of jawline"),
    "neck": NECK,
}
SIDES = {"left": LEFT, "right": RIGHT}
"""By the words for the subject's side."""


@dataclass(frozen=True)
class Anatomy:
    """Where on the body something is."""

    site: Code
    side: Code | None = None
    """The subject's side, for paired regions."""


def anatomy(region: str) -> Anatomy:
    """The site of a region's name, e.g. `left_cheek`; a name without a code of its own gives skin."""
    words = region.lower().split("_")
    side = next((word for word in words if word in SIDES), None)
    name = "_".join(word for word in words if word not in SIDES)
    return Anatomy(_SITES.get(name, SKIN), SIDES[side] if side and name in _SITES else None)


VIEW_ANATOMY = {
    View.FRONT: FACE,
    View.LEFT_45: FACE,
    View.RIGHT_45: FACE,
    View.NECK: NECK,
    View.UNSPECIFIED: SKIN,
}

# Light: no standard code tells cross from parallel polarisation in photography.
ILLUMINATION_METHOD = Code("112706", "DCM", "Illumination Method")
SPECTRAL_BAND = Code("112711", "DCM", "Illumination spectral band")
POLARIZING_FILTER = Code("111607", "DCM", "Polarizing filter")
WAVELENGTH = Code("112710", "DCM", "Illumination wavelength")
POLARISER_ANGLE = private("POLARISER_ANGLE", "Angle between the polarisers of lamp and camera")
_FULL_SPECTRUM = Code("414298005", "SCT", "Full Spectrum")
_POLARISER = Code("445391002", "SCT", "Polarizing optical filter")
_NO_FILTER = Code("111609", "DCM", "No filter")


@dataclass(frozen=True, kw_only=True)
class Illumination:
    """How a light mode is coded in AcquisitionContextSequence."""

    words: str
    method: Code
    band: Code | None = None
    filter: Code | None = None
    polariser_angle_deg: float | None = None


ILLUMINATION = {
    Light.WHITE: Illumination(
        words="White light",
        method=Code("111625", "DCM", "Diffuse direct illumination"),
        band=_FULL_SPECTRUM,
        filter=_NO_FILTER,
    ),
    Light.CROSS_POLARISED: Illumination(
        words="Cross-polarised light",
        method=private("XPOL", "Cross-polarised illumination"),
        band=_FULL_SPECTRUM,
        filter=_POLARISER,
        polariser_angle_deg=90.0,
    ),
    Light.PARALLEL_POLARISED: Illumination(
        words="Parallel-polarised light",
        method=private("PPOL", "Parallel-polarised illumination"),
        band=_FULL_SPECTRUM,
        filter=_POLARISER,
        polariser_angle_deg=0.0,
    ),
    Light.UV: Illumination(
        words="Ultraviolet light",
        method=Code("111743", "DCM", "Epifluorescence illumination"),
        band=Code("415770004", "SCT", "Ultraviolet"),
        filter=_NO_FILTER,
    ),
    Light.UNCONTROLLED: Illumination(
        words="Uncontrolled light", method=private("UNCONTROLLED", "Uncontrolled illumination")
    ),
}

# Pose and skin.
IMAGE_VIEW = Code("111031", "DCM", "Image View")
VIEW = {
    View.FRONT: private("VIEW_FRONT", "Front"),
    View.LEFT_45: private("VIEW_LEFT_45", "Left side, 45 degrees"),
    View.RIGHT_45: private("VIEW_RIGHT_45", "Right side, 45 degrees"),
    View.NECK: private("VIEW_NECK", "Neck"),
    View.UNSPECIFIED: private("VIEW_UNSPECIFIED", "View not specified"),
}
SKIN_PREPARATION = private("SKIN_PREPARATION", "Skin preparation")
PREPARATION = {
    Preparation.UNSPECIFIED: private("PREP_UNSPECIFIED", "Preparation not specified"),
    Preparation.CLEANSED: private("PREP_CLEANSED", "Cleansed"),
    Preparation.MAKE_UP: private("PREP_MAKE_UP", "With make-up"),
}

# Skin and room as the operator entered them. What DICOM codes of temperature is of blood, body and devices.
ACCLIMATISED = private("ACCLIMATISED", "Time that the subject rested in the room")
ROOM_TEMPERATURE = private("ROOM_TEMPERATURE", "Temperature of the room")
ROOM_HUMIDITY = private("ROOM_HUMIDITY", "Relative humidity of the room")
SKIN_PRODUCTS = private("SKIN_PRODUCTS", "Products used on the skin before")
OVERRIDE = private("OVERRIDE", "Why it was shot against the quality gate")
TAKEN_AGAIN = private("TAKEN_AGAIN", "Earlier picture that this one was taken again for")

# Exposure and calibration.
REQUESTED_TIME = private("EXPOSURE_TIME_RQ", "Requested exposure time")
REQUESTED_GAIN = private("GAIN_RQ", "Requested analogue gain")
ACTUAL_TIME = private("EXPOSURE_TIME", "Actual exposure time")
ACTUAL_GAIN = private("GAIN", "Actual analogue gain")
LIGHT_STEP = private("LIGHT_STEP", "Index of the light within the recipe")
CALIBRATION = private("CALIBRATION", "Calibration record of colour and scale")
SCALE = private("PX_PER_MM", "Scale at the face")
COLOUR_REFUSED = private("COLOR_REFUSED", "Why the picture has no calibrated colour")
SCALE_REFUSED = private("SCALE_REFUSED", "Why the picture has no scale")
MASTER_BIT_DEPTH = private("MASTER_BIT_DEPTH", "Significant bits of the master samples")
FRAME_ID = private("FRAME_ID", "Frame number within the booth's run")

# Quality: PS3.16 CID 6044 for the picture, private verdicts for one measure.
QUALITY_ASSESSMENT = Code("111050", "DCM", "Quality Assessment")
QUALITY_UNKNOWN = private("QUALITY_UNKNOWN", "Quality could not be told")
PICTURE_VERDICT = {
    Verdict.PASS: Code("111237", "DCM", "Usable - Meets the quality control standard"),
    Verdict.WARN: Code("111236", "DCM", "Usable - Does not meet the quality control standard"),
    Verdict.FAIL: Code("111235", "DCM", "Unusable - Quality renders image unusable"),
    Verdict.UNKNOWN: QUALITY_UNKNOWN,
}
MEASURE_VERDICT = {
    Verdict.PASS: private("PASS", "Pass"),
    Verdict.WARN: private("WARN", "Warning"),
    Verdict.FAIL: private("FAIL", "Fail"),
    Verdict.UNKNOWN: QUALITY_UNKNOWN,
}
QUALITY_PROFILE = private("QUALITY_PROFILE", "Quality profile")
QUALITY_RECIPE = private("QUALITY_RECIPE", "Lighting recipe that the quality was judged for")
THRESHOLD_VERSION = private("THRESHOLD_VER", "Version of the quality thresholds")
QUALITY_ADVICE = private("QUALITY_ADVICE", "Advice to the operator")

# Reports.
COMMENT = Code("121106", "DCM", "Comment")
PHOTOGRAPHY = private("SKIN_PHOTO", "Skin photography")
NOT_MEASURABLE = private("NOT_MEASURABLE", "Not measurable")
NOT_MEASURABLE_REASON = private("NOT_MEAS_REASON", "Reason why not measurable")
PICTURE_QUALITY = private("PICTURE_QUALITY", "Picture quality")
REPLACED = private("REPLACED", "Earlier result that this one replaces")

# Segments: categories of CID 7150, types from SCT where it has one.
_ANATOMY = Code("91723000", "SCT", "Anatomical Structure")
_ABNORMAL = Code("49755003", "SCT", "Morphologically Abnormal Structure")
_PROPERTY = private("OPTICAL", "Optical property of skin")


@dataclass(frozen=True)
class SegmentKind:
    """What a segment shows: category, type and the sRGB colour it is displayed in."""

    category: Code
    type: Code
    colour: tuple[int, int, int]


_KINDS = {
    "skin": SegmentKind(_ANATOMY, SKIN, (232, 190, 172)),
    "melanin": SegmentKind(_PROPERTY, private("MELANIN", "Skin rich in melanin"), (120, 72, 20)),
    "redness": SegmentKind(_ABNORMAL, Code("247441003", "SCT", "Erythema"), (214, 39, 40)),
    "reflection": SegmentKind(_PROPERTY, private("REFLECTION", "Specular reflection"), (80, 160, 255)),
    "pigment_spot": SegmentKind(_ABNORMAL, private("PIGMENT_SPOT", "Pigment spot"), (120, 60, 0)),
    "marked_spot": SegmentKind(_ABNORMAL, private("MARKED_SPOT", "Pigment spot, by model"), (140, 80, 10)),
    "trouble": SegmentKind(_ABNORMAL, private("TROUBLE", "Papule, pustule or comedo"), (230, 90, 40)),
    "wrinkle": SegmentKind(_ABNORMAL, private("WRINKLE", "Wrinkle"), (120, 60, 200)),
    "pore": SegmentKind(_ANATOMY, private("PORE", "Visible pore"), (20, 140, 150)),
    "porphyrin": SegmentKind(_PROPERTY, private("PORPHYRIN", "Porphyrin fluorescence"), (255, 80, 120)),
    "uv_spot": SegmentKind(_PROPERTY, private("UV_SPOT", "Spot dark under ultraviolet light"), (70, 70, 160)),
    "lesion": SegmentKind(_ABNORMAL, private("SKIN_LESION", "Skin lesion"), (255, 127, 14)),
}
_KIND_ALIASES = {
    "redness_area": "redness",
    "erythema": "redness",
    "pigment": "pigment_spot",
    "spot": "pigment_spot",
}


def segment_kind(name: str) -> SegmentKind:
    """The kind of a segment by name: a finding, a layer, or a region of `anatomy`; others get a private type."""
    word = name.lower().replace(" ", "_")
    kind = _KINDS.get(_KIND_ALIASES.get(word, word))
    if kind is not None:
        return kind
    site = anatomy(word).site
    if site is not SKIN:
        return SegmentKind(_ANATOMY, site, (150, 200, 120))
    return SegmentKind(_ABNORMAL, named(name), (255, 127, 14))


def region_kind(region: str) -> Code:
    """What a measurement group of a region is of: the site, or for a name without one a private code."""
    site = anatomy(region).site
    return site if site is not SKIN or region in _SITES else named(region)
