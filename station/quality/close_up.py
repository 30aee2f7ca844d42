"""What is measured of a picture through a dermoscope: a piece of skin without a face, a pose or a neutral tab."""

from typing import Final

from station.protocol import Frame
from station.quality.exposure import clipping, dynamic_range, shadows, skin_noise
from station.quality.motion import gradient_anisotropy
from station.quality.reflection import specular_reflection
from station.quality.sample import Reading, take_sample
from station.quality.sharpness import sharpness

NO_FACE: Final = "Not judged: a picture through a dermoscope shows no face."
NO_CARD: Final = "Not judged: a picture through a dermoscope shows no neutral tab."
OF_A_FACE: Final = (
    ("head_pose", "deg"),
    ("framing", "%"),
    ("distance", "%"),
    ("occlusion", "%"),
    ("illumination_uniformity", "ln"),
    ("zone_uniformity", "ratio"),
)
"""Measures, with their units, that need a face."""
OF_A_TAB: Final = (("neutral_tab_exposure", "EV"), ("underexposure", "EV"), ("color_cast", "%"))
"""Measures that need a neutral tab: without one dark skin and too little light look alike."""


def close_up_readings(frame: Frame, *, reduction: int = 1) -> tuple[Reading, ...]:
    """The measures of the middle half of the picture; a `reduction` of n averages n x n pixels.

    Noise is that of the smoothest skin. What needs a face or a tab is named as not judged and has no part in a verdict.
    """
    sample = take_sample(frame, reduction=reduction)
    return (
        skin_noise(sample),
        shadows(sample),
        clipping(sample),
        dynamic_range(sample),
        *sharpness(sample),
        specular_reflection(sample),
        gradient_anisotropy(sample),
        *(Reading(name, None, unit, reason=NO_FACE, given=False) for name, unit in OF_A_FACE),
        *(Reading(name, None, unit, reason=NO_CARD, given=False) for name, unit in OF_A_TAB),
    )
