"""Pictures through a dermoscope: Dermoscopic Photography Image objects (PS3.3 sections A.32.12 and C.8.12.13)."""

from dataclasses import dataclass
from typing import Literal

from pydicom.dataset import Dataset
from pydicom.uid import UID
from pydicom.valuerep import DSfloat

from station.protocol import derived_uid

DERMOSCOPIC_PHOTOGRAPHY_IMAGE_STORAGE = UID("1.2.840.10008.5.1.4.1.1.77.1.7")

Immersion = Literal["ULTRASOUND_GEL", "ALCOHOL", "WATER", "MINERAL_OIL", "PLASTIC_CAP"]


@dataclass(frozen=True, kw_only=True)
class Dermoscope:
    """The lens in front of the camera, and how it was used; None: not known."""

    contact: bool | None = None
    """Whether it touched the skin."""
    immersion: Immersion | None = None
    """What was between skin and glass; only with contact, and then one of the standard's terms."""
    polarised: bool | None = None
    magnification: float | None = None
    """Of the optics."""
    colour_temperature_k: float | None = None
    """Of its lamp."""

    def __post_init__(self) -> None:
        if bool(self.contact) != (self.immersion is not None):
            raise ValueError(
                "a dermoscope in contact needs what was between skin and glass, any other has none"
            )


def make_dermoscopic(photo: Dataset, scope: Dermoscope) -> None:
    """Turn the attributes of a photograph into those of a picture through a dermoscope; it keeps its pixels.

    The frame of reference is the picture's own: dicom3tools of 2022 asks for the module.
    """
    photo.SOPClassUID, photo.Modality = DERMOSCOPIC_PHOTOGRAPHY_IMAGE_STORAGE, "DMS"
    photo.LightSourcePolarization = _either(scope.polarised, "POLARIZED", "NON_POLARIZED")
    photo.ContactMethod = _either(scope.contact, "CONTACT", "NON_CONTACT")
    if scope.immersion is not None:
        photo.ImmersionMedia = scope.immersion
    photo.OpticalMagnificationFactor = _number(scope.magnification)
    photo.EmitterColorTemperature = _number(scope.colour_temperature_k)
    photo.FrameOfReferenceUID = derived_uid(photo.SOPInstanceUID, "frame of reference")
    photo.PositionReferenceIndicator = ""


def _either(value: bool | None, yes: str, no: str) -> str:
    return "" if value is None else yes if value else no


def _number(value: float | None) -> DSfloat | None:
    return None if value is None else DSfloat(value, auto_format=True)
