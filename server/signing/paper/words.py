"""English names of what the report tells."""

import re

from station.protocol import Light, Preparation, Verdict, View

MEASURES = {
    "melanin": "Melanin",
    "melanin_sd": "Melanin, spread",
    "melanin_index": "Melanin index",
    "redness": "Redness",
    "redness_area": "Redness, area",
    "shine_area": "Shine, area",
    "erythema_index": "Erythema index",
    "evenness": "Evenness of the skin tone",
    "l_star": "L*",
    "a_star": "a*",
    "b_star": "b*",
    "ita": "Individual typology angle",
    "gloss": "Gloss",
    "polarised_shine_area": "Shine by polarisation, area",
    "texture_roughness": "Texture, Sa of brightness",
    "texture_rms": "Texture, Sq of brightness",
    "estimated_scale": "Scale, from the face's width",
    "acne_severity": "Acne severity, grade 0 to 4",
    "acne_probability": "Acne",
    "condition_texture": "Rough texture",
    "condition_ephelides": "Ephelides (freckles)",
}
_MARKS = {
    "spots": "Pigment spots",
    "uv_spots": "UV spots",
}
_MARK = re.compile(r"(.+)_(area|count|density|size|depth|intensity)")
_FIGURES = {"size": "mean size", "depth": "mean depth"}
REGIONS = {
    "face": "Face",
    "forehead": "Forehead",
    "right_cheek": "R cheek",
    "left_cheek": "L cheek",
    "nose": "Nose",
    "chin": "Chin",
}
VIEWS = {
    View.FRONT: "Front",
    View.LEFT_45: "Left 45°",
    View.RIGHT_45: "Right 45°",
    View.NECK: "Neck",
    View.UNSPECIFIED: "View not given",
}
LIGHTS = {
    Light.WHITE: "white",
    Light.CROSS_POLARISED: "cross-polarised",
    Light.PARALLEL_POLARISED: "parallel-polarised",
    Light.UV: "ultraviolet",
    Light.UNCONTROLLED: "uncontrolled",
}
VERDICTS = {
    Verdict.PASS: "Good",
    Verdict.WARN: "Usable",
    Verdict.FAIL: "Poor",
    Verdict.UNKNOWN: "Not graded",
}
PREPARATIONS = {
    Preparation.UNSPECIFIED: "not specified",
    Preparation.CLEANSED: "cleansed",
    Preparation.MAKE_UP: "with make-up",
}
SEXES = {"F": "female", "M": "male", "O": "other"}
_UNITS = {
    "1": "",
    "Lab": "",
    "deg": "°",
    "um": "µm",
    "um2": "µm²",
    "1e-4": "× 10⁻⁴",
    "{index}": "",
    "{score}": "",
}


def measure_name(code: str) -> str:
    """A measure by its code; of marks put together from what is marked and what is counted."""
    if code in MEASURES:
        return MEASURES[code]
    if (found := _MARK.fullmatch(code)) is not None:
        mark, figure = found.groups()
        return f"{_MARKS.get(mark, sentence(mark))}, {_FIGURES.get(figure, figure)}"
    return sentence(code.removeprefix("condition_"))


def unit_name(code: str) -> str:
    """A unit as it is printed; empty for a number without one."""
    return _UNITS.get(code, re.sub(r"m2$", "m²", re.sub(r"^\{(.*)\}$", r"\1", code)))


def picture_name(view: View, light: Light) -> str:
    """A photograph by view and light."""
    return f"{VIEWS[view]}, {LIGHTS[light]}"


def number(value: float) -> str:
    """Three digits that count, and all of a whole number's."""
    if abs(value) >= 100 or value == round(value):
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}" if abs(value) >= 1 else f"{value:.3f}"


def sentence(code: str) -> str:
    """`left_cheek` as "Left cheek"."""
    words = code.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def person(name: str) -> list[str]:
    """A PN as people read it, one line per way to write it: alphabetic, ideographic, phonetic (PS3.5 section 6.2.1)."""
    return [line for group in name.split("=") if (line := _written(group))]


def _written(group: str) -> str:
    family, given, middle, prefix, suffix = [*(part.strip() for part in group.split("^")), *[""] * 5][:5]
    if not group.isascii() and not any(part.isascii() and part for part in (family, given)):
        return " ".join(part for part in (family, given, middle) if part)
    name = " ".join(part for part in (prefix, given, middle, family) if part)
    return f"{name}, {suffix}" if suffix else name
