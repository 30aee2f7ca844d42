"""Pictures through a dermoscope: Dermoscopic Photography Image objects (PS3.3 sections A.32.12 and C.8.12.13)."""

from pydicom.dataset import Dataset
from pydicom.uid import UID
from pydicom.valuerep import DSfloat

from station.protocol import Dermoscope, Light, derived_uid

DERMOSCOPIC_PHOTOGRAPHY_IMAGE_STORAGE = UID("1.2.840.10008.5.1.4.1.1.77.1.7")

UNKNOWN = "unknown"
"""Stands in the attributes of the equipment, which may not be empty here, where a camera does not tell them."""
_EQUIPMENT = ("Manufacturer", "ManufacturerModelName", "DeviceSerialNumber")
_POLARISED = {
    Light.WHITE: False,
    Light.CROSS_POLARISED: True,
    Light.PARALLEL_POLARISED: True,
    Light.UV: False,
}
"""Of the booth's lamps."""


def make_dermoscopic(photo: Dataset, scope: Dermoscope, light: Light) -> None:
    """Turn the attributes of a photograph into those of a picture through a dermoscope; it keeps its pixels.

    `light` tells the polarisation where the dermoscope has no lamp of its own. What touches the skin shows a piece of it
    that nobody is recognised by; of any other dermoscope that is not known. The frame of reference is the picture's own:
    dicom3tools of 2022 asks for the module.
    """
    photo.SOPClassUID, photo.Modality = DERMOSCOPIC_PHOTOGRAPHY_IMAGE_STORAGE, "DMS"
    for keyword in _EQUIPMENT:
        setattr(photo, keyword, photo.get(keyword) or UNKNOWN)
    for earlier in photo.get("ReferencedImageSequence", ()):
        earlier.ReferencedSOPClassUID = photo.SOPClassUID
    photo.RecognizableVisualFeatures = "NO" if scope.contact else "YES"
    polarised = _POLARISED.get(light) if scope.polarised is None else scope.polarised
    photo.LightSourcePolarization = _either(polarised, "POLARIZED", "NON_POLARIZED")
    photo.ContactMethod = _either(scope.contact, "CONTACT", "NON_CONTACT")
    if scope.contact:
        photo.ImmersionMedia = scope.immersion or ""
    photo.OpticalMagnificationFactor = _number(scope.magnification)
    photo.EmitterColorTemperature = _number(scope.colour_temperature_k)
    photo.FrameOfReferenceUID = derived_uid(photo.SOPInstanceUID, "frame of reference")
    photo.PositionReferenceIndicator = ""


def _either(value: bool | None, yes: str, no: str) -> str:
    return "" if value is None else yes if value else no


def _number(value: float | None) -> DSfloat | None:
    return None if value is None else DSfloat(value, auto_format=True)
