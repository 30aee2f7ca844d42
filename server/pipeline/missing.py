"""Results that a picture does not have, and why: the sentences, and the measures that carry them."""

from collections.abc import Mapping
from typing import Final

from server.analysis import WHOLE_FACE
from server.inference import CONDITIONS
from server.pipeline.outcome import MappedOutcome, Outcome
from station.protocol import Light, Measure

NEEDS_PAIR: Final = "needs a cross- and parallel-polarised pair of known scale"
NEEDS_UV: Final = "needs ultraviolet light"
NEEDS_CROSS: Final = "needs cross-polarised light"
NEEDS_WHITE: Final = "needs the white picture of this view, in which the skin is found"
WHITE_LOST: Final = "the white picture of this view, in which the skin is found, was not analysed"
OTHER_SIZE: Final = "the white picture of this view is of another size"
NOT_INSTALLED: Final = "no model for it is installed"
FAILED: Final = "the model failed"
NO_FACE: Final = "no face found"
NO_SKIN: Final = "no skin in sight"
CLOSE_UP: Final = "out of range: the models know whole faces, this picture was taken through a dermoscope"

PRINCIPAL: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "items": (
        ("spots_area", "%"),
        ("trouble_area", "%"),
        ("wrinkles_area", "%"),
        ("pores_area", "%"),
    ),
    "severity": (("acne_severity", "1"),),
    "acne": (("acne_probability", "1"),),
    "conditions": tuple((f"condition_{name}", "1") for name in CONDITIONS),
    "fluorescence": (("porphyrins_area", "%"), ("uv_spots_area", "%")),
    "lesions": (("brown_spots_area", "%"), ("red_areas_area", "%")),
    "texture": (("texture_roughness", "%"),),
}
"""The measures that stand for each group of results where there are none: name and unit."""

LIGHTS: Final[Mapping[str, frozenset[Light]]] = {
    "items": frozenset({Light.PARALLEL_POLARISED}),
    "severity": frozenset({Light.WHITE, Light.UNCONTROLLED}),
    "acne": frozenset({Light.WHITE, Light.UNCONTROLLED}),
    "conditions": frozenset({Light.WHITE, Light.UNCONTROLLED}),
    "fluorescence": frozenset({Light.UV}),
}
"""The lights that the trained models' results come from."""

UNCONTROLLED_LACKS: Final = {
    "items": NEEDS_PAIR,
    "fluorescence": NEEDS_UV,
    "lesions": NEEDS_CROSS,
    "texture": "scale not calibrated, needs 10 px/mm",
}
"""What no photograph from elsewhere has a result for, and why."""


def no_result(group: str, reason: str) -> MappedOutcome:
    """No result of a group of `PRINCIPAL`, and why."""
    return MappedOutcome(Outcome(measures=no_values(group, reason)))


def out_of_range() -> tuple[Measure, ...]:
    """The measures of a picture through a dermoscope: none, and why."""
    return tuple(one for group in PRINCIPAL for one in no_values(group, CLOSE_UP, region="picture"))


def no_values(group: str, reason: str, *, region: str = WHOLE_FACE) -> tuple[Measure, ...]:
    """The measures of a group that cannot be told, and why."""
    return tuple(
        Measure(region=region, name=name, value=None, unit=unit, method="none", reason=reason)
        for name, unit in PRINCIPAL[group]
    )
