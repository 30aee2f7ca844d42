"""What may stay in an export: options of the confidentiality profile (PS3.15 section E.3) by their codes (PS3.16 CID 7050)."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from pydicom.sr.coding import Code

from server.errors import ConfigError

BASIC = Code("113100", "DCM", "Basic Application Confidentiality Profile")


class Option(StrEnum):
    """An option of the profile, as it is named on the command line."""

    CLEAN_PIXEL_DATA = "clean-pixel-data"
    CLEAN_RECOGNIZABLE_FEATURES = "clean-recognizable-features"
    CLEAN_STRUCTURED_CONTENT = "clean-structured-content"
    CLEAN_DESCRIPTORS = "clean-descriptors"
    FULL_DATES = "full-dates"
    MODIFIED_DATES = "modified-dates"
    PATIENT_CHARACTERISTICS = "patient-characteristics"
    DEVICE_IDENTITY = "device-identity"
    RETAIN_UIDS = "retain-uids"
    SAFE_PRIVATE = "safe-private"
    INSTITUTION = "institution"


CODES = {
    Option.CLEAN_PIXEL_DATA: Code("113101", "DCM", "Clean Pixel Data Option"),
    Option.CLEAN_RECOGNIZABLE_FEATURES: Code("113102", "DCM", "Clean Recognizable Visual Features Option"),
    Option.CLEAN_STRUCTURED_CONTENT: Code("113104", "DCM", "Clean Structured Content Option"),
    Option.CLEAN_DESCRIPTORS: Code("113105", "DCM", "Clean Descriptors Option"),
    Option.FULL_DATES: Code("113106", "DCM", "Retain Longitudinal Temporal Information Full Dates Option"),
    Option.MODIFIED_DATES: Code(
        "113107", "DCM", "Retain Longitudinal Temporal Information Modified Dates Option"
    ),
    Option.PATIENT_CHARACTERISTICS: Code("113108", "DCM", "Retain Patient Characteristics Option"),
    Option.DEVICE_IDENTITY: Code("113109", "DCM", "Retain Device Identity Option"),
    Option.RETAIN_UIDS: Code("113110", "DCM", "Retain UIDs Option"),
    Option.SAFE_PRIVATE: Code("113111", "DCM", "Retain Safe Private Option"),
    Option.INSTITUTION: Code("113112", "DCM", "Retain Institution Identity Option"),
}

USUAL = (Option.CLEAN_STRUCTURED_CONTENT, Option.CLEAN_DESCRIPTORS)
"""The options of an export that names none: light, view and exposure stay, and the reports; no dates, no device."""


class Faces(StrEnum):
    """What becomes of the pixels of a face."""

    AS_THEY_ARE = "as-they-are"
    EYE_BAND = "eye-band"
    CROPS = "crops"


@dataclass(frozen=True)
class ExportOptions:
    """What an export keeps; raises `ConfigError` for options that exclude each other or that no pixel bears out."""

    options: frozenset[Option] = frozenset(USUAL)
    faces: Faces = Faces.AS_THEY_ARE

    def __post_init__(self) -> None:
        if {Option.FULL_DATES, Option.MODIFIED_DATES} <= self.options:
            raise ConfigError("full-dates and modified-dates exclude each other; give one of them")
        if Option.CLEAN_RECOGNIZABLE_FEATURES in self.options and not self.masked:
            raise ConfigError(
                "clean-recognizable-features holds only for masked faces; add --faces eye-band or --faces crops"
            )

    @property
    def masked(self) -> bool:
        """Whether faces are made unrecognisable in the pixels."""
        return self.faces is not Faces.AS_THEY_ARE

    @property
    def codes(self) -> tuple[Code, ...]:
        """The items of DeidentificationMethodCodeSequence, the profile first."""
        claimed = set(self.options)
        if self.masked:
            claimed.add(Option.CLEAN_RECOGNIZABLE_FEATURES)
        return (BASIC, *(CODES[option] for option in Option if option in claimed))

    @property
    def dates(self) -> str:
        """The value of LongitudinalTemporalInformationModified (0028,0303)."""
        if Option.FULL_DATES in self.options:
            return "UNMODIFIED"
        return "MODIFIED" if Option.MODIFIED_DATES in self.options else "REMOVED"

    @classmethod
    def named(cls, names: Iterable[str], faces: str = Faces.AS_THEY_ARE) -> "ExportOptions":
        """The options by their names or codes; none gives the usual ones, `basic` alone the bare profile.

        Raises `ConfigError` for a name that there is none of.
        """
        given = [name.strip().lower() for name in names]
        known = {option.value: option for option in Option} | {CODES[one].value: one for one in Option}
        for name in given:
            if name not in {*known, "basic", BASIC.value}:
                raise ConfigError(f"there is no option {name!r}; there are: basic, {', '.join(Option)}")
        chosen = {known[name] for name in given if name in known} if given else set(USUAL)
        return cls(frozenset(chosen), Faces(faces))
