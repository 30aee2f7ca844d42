"""Content items of reports and acquisition contexts (PS3.3 section C.17.3): which stay, and with what text."""

import re

from pydicom.dataset import Dataset

from server.dicom import codes
from server.export.identity import Guard
from server.export.options import Option
from server.export.pseudonyms import Pseudonyms
from server.export.words import is_code

_TRACKING_ID, _ALGORITHM_NAME, _ALGORITHM_VERSION = "112039", "111001", "111003"
_DEVICE_OBSERVER = frozenset({"121013", "121014", "121015", "121016"})
"""Name, manufacturer, model and serial number."""
_OF_THE_OPERATOR = frozenset({codes.OVERRIDE.value, codes.SKIN_PRODUCTS.value})
"""Texts that people type, whatever their words."""
_CALIBRATION_WORDS = "Calibration record of colour and scale: "
_DATED = {"DATE", "TIME", "DATETIME"}
_KINDS = frozenset({"CONTAINER", "CODE", "TEXT", "UIDREF", "NUM", "NUMERIC", "IMAGE", "COMPOSITE", "SCOORD"})
_NUMBER = re.compile(r"\d{1,5}")
_TERM_LIST = """
YES NO NONE 00 01 ORIGINAL DERIVED PRIMARY SECONDARY OTHER RGB YBR_FULL YBR_FULL_422 YBR_RCT YBR_ICT MONOCHROME1
MONOCHROME2 PALETTE COLOR SRGB ADOBERGB DISPLAYP3 ISO_10918_1 ISO_14495_1 ISO_15444_1 ISO_15444_15 ISO_IR 192 R L U B F H A P LP
LA RP RA LF LH RF RH XC SEG SR KO DMS PR BINARY FRACTIONAL LABELMAP PROBABILITY OCCUPANCY AUTOMATIC SEMIAUTOMATIC
MANUAL SKIN SKIN_HEAT SKIN_PARTS UNDEFINED RESAMPLED ICBM COMPLETE PARTIAL UNVERIFIED VERIFIED FINAL PRELIMINARY CONTAINS HAS PROPERTIES OBS CONTEXT ACQ CONCEPT MOD
INFERRED FROM SELECTED SEPARATE CONTINUOUS DCMR CONTAINER CODE TEXT UIDREF NUM NUMERIC IMAGE COMPOSITE SCOORD DATE TIME
DATETIME PNAME POLARIZED NON_POLARIZED CONTACT NON_CONTACT ULTRASOUND_GEL ALCOHOL WATER MINERAL_OIL PLASTIC_CAP POINT
MULTIPOINT POLYLINE CIRCLE ELLIPSE PATIENT SLIDE 2D 3D TOTAL REMOVED MODIFIED UNMODIFIED
"""
_TERMS = frozenset(_TERM_LIST.split())
"""Words of the enumerated values and defined terms in objects of skin photography."""


def is_term(value: str) -> bool:
    """Whether a code string is made of terms of the standard, or is a template's number."""
    return value in _TERMS or _NUMBER.fullmatch(value) is not None or set(value.split()) <= _TERMS


def told(item: Dataset, options: frozenset[Option], guard: Guard, pseudonyms: Pseudonyms) -> str | None:
    """The text that a content item keeps, empty for one of another kind; None: the item goes."""
    kind, name = (
        str(item.ValueType),
        item.ConceptNameCodeSequence[0] if item.ConceptNameCodeSequence else None,
    )
    if kind in _DATED:
        return "" if options & {Option.FULL_DATES, Option.MODIFIED_DATES} else None
    if kind not in _KINDS or name is None or not _coded(name):
        return None
    if kind == "TEXT":
        return _text(str(name.CodeValue), str(item.get("TextValue", "")), options, guard, pseudonyms)
    if kind == "CODE" and not all(_coded(value) for value in item.get("ConceptCodeSequence", ())):
        return None
    return ""


def with_text(item: Dataset, text: str) -> Dataset:
    """The cleaned item with the text that it keeps."""
    if text:
        item.TextValue = text
    return item


def _text(
    concept: str, text: str, options: frozenset[Option], guard: Guard, pseudonyms: Pseudonyms
) -> str | None:
    if concept in _OF_THE_OPERATOR:
        return None
    if concept in _DEVICE_OBSERVER:
        return text if Option.DEVICE_IDENTITY in options else None
    if concept == codes.CALIBRATION.value:
        return pseudonyms.word("calibration", text)
    if text.startswith(_CALIBRATION_WORDS):
        return _CALIBRATION_WORDS + pseudonyms.word("calibration", text.removeprefix(_CALIBRATION_WORDS))
    if concept in {_ALGORITHM_NAME, _ALGORITHM_VERSION}:
        return text if _NUMBER.fullmatch(text) or guard.allows(text) else "removed"
    if guard.allows(text):
        return text
    return pseudonyms.word("track", text) if concept == _TRACKING_ID else None


def _coded(item: Dataset) -> bool:
    return is_code(str(item.get("CodeValue", "")), str(item.get("CodingSchemeDesignator", "")))
