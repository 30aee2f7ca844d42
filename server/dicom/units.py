"""Units of measures as UCUM codes (https://ucum.org; PS3.16 CID 82)."""

import re

from pydicom.sr.coding import Code

NO_UNITS = Code("1", "UCUM", "no units")

_UCUM = {
    "": NO_UNITS,
    "1": NO_UNITS,
    "ratio": NO_UNITS,
    "%": Code("%", "UCUM", "Percent"),
    "s": Code("s", "UCUM", "second"),
    "ms": Code("ms", "UCUM", "millisecond"),
    "dB": Code("dB", "UCUM", "decibel"),
    "mm": Code("mm", "UCUM", "millimeter"),
    "mm2": Code("mm2", "UCUM", "square millimeter"),
    "nm": Code("nm", "UCUM", "nanometer"),
    "um": Code("um", "UCUM", "micrometer"),
    "deg": Code("deg", "UCUM", "degree"),
    "min": Code("min", "UCUM", "minute"),
    "°C": Code("Cel", "UCUM", "degree Celsius"),
    "K": Code("K", "UCUM", "kelvin"),
    "px": Code("{pixels}", "UCUM", "pixels"),
    "px/mm": Code("{pixels}/mm", "UCUM", "pixels per millimeter"),
    "/mm2": Code("/mm2", "UCUM", "per square millimeter"),
    "/cm2": Code("/cm2", "UCUM", "per square centimeter"),
    "cm2": Code("cm2", "UCUM", "square centimeter"),
    "bit": Code("bit", "UCUM", "bit"),
}
_ALIASES = {
    "mm²": "mm2",
    "mm^2": "mm2",
    "cm²": "cm2",
    "px2": "px",
    "px²": "px",
    "pixel": "px",
    "pixels": "px",
    "°": "deg",
    "degree": "deg",
    "degrees": "deg",
    "µm": "um",
    "μm": "um",
    "percent": "%",
    "none": "",
    "1/mm2": "/mm2",
    "1/cm2": "/cm2",
    "bits": "bit",
}


def unit_code(unit: str) -> Code:
    """The UCUM code of a unit as measures write it; an unknown one becomes an annotation, e.g. `{ITA degrees}`."""
    known = _UCUM.get(_ALIASES.get(unit, unit))
    if known is not None:
        return known
    plain = re.sub(r"[^\x21-\x7a|~]", "_", unit.replace(" ", "_")).replace("\\", "_")
    return Code(f"{{{plain[:14]}}}", "UCUM", unit[:64])
