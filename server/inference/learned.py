"""The models that are trained: their tensors, their classes and the scales of what they say. Any of them may be absent."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

Tensor = tuple[str, tuple[int, ...]]
"""Triton's type and shape, the batch axis first, -1 where free."""

SEGMENTER: Final = "skin_segmenter"
ITEMS_MODEL: Final = "skin_items"
ACNE: Final = "acne_classifier"
SEVERITY: Final = "acne_severity"
SEVERITY_FAST: Final = "acne_severity_fast"
SEVERITY_MODELS: Final[Mapping[str, str]] = MappingProxyType({"averaged": SEVERITY, "fast": SEVERITY_FAST})
"""The model of each way to grade: its answers averaged over augmented copies of the face, or from the face alone."""
CONDITIONS_MODEL: Final = "skin_conditions"
FLUORESCENCE: Final = "fluorescence"

ITEMS: Final = ("melanin", "trouble", "wrinkle", "pore")
"""What `skin_items` maps, in the order of its outputs."""
INTENSITY_FULL: Final = (3.0, 3.0, 0.30, 0.20)
"""Intensity that 255 stands for: gain of log melanin, gain of log blood, depth of a furrow in mm, of a pore in mm."""
ITEMS_PX_PER_MM: Final = 20.0
"""Scale that `skin_items` was trained at."""

CONDITIONS: Final = (
    "dryness",
    "texture",
    "melasma",
    "lentigo",
    "ephelides",
    "dermatitis",
    "wrinkles",
    "clogged_pores",
)
"""What `skin_conditions` tells the probability of, in the order of its outputs."""
CONDITIONS_PX_PER_MM: Final = 6.0
"""Scale that `skin_conditions` was trained at."""

GRADES: Final = 5
"""Grades of severity, 0 to 4."""

_SEVERITY: Final[Mapping[str, Tensor]] = MappingProxyType(
    {
        "image": ("UINT8", (-1, 224, 224, 3)),
        "grade": ("FP32", (-1, 1)),
        "distribution": ("FP32", (-1, GRADES)),
        "estimate": ("FP32", (-1, 1)),
        "uncertain": ("UINT8", (-1, 1)),
        "heatmap": ("UINT8", (-1, 224, 224)),
    }
)

LEARNED: Final[Mapping[str, Mapping[str, Tensor]]] = MappingProxyType(
    {
        SEGMENTER: {
            "image": ("UINT8", (-1, 256, 256, 3)),
            "skin": ("UINT8", (-1, 256, 256)),
            "parts": ("UINT8", (-1, 256, 256)),
            "landmarks": ("FP32", (-1, 8, 3)),
        },
        ITEMS_MODEL: {
            "image": ("UINT8", (-1, 256, 256, 6)),
            "area": ("UINT8", (-1, 4, 256, 256)),
            "intensity": ("UINT8", (-1, 4, 256, 256)),
        },
        ACNE: {
            "image": ("UINT8", (-1, 224, 224, 3)),
            "probability": ("FP32", (-1, 2)),
            "heatmap": ("UINT8", (-1, 224, 224)),
        },
        SEVERITY: _SEVERITY,
        SEVERITY_FAST: _SEVERITY,
        CONDITIONS_MODEL: {
            "image": ("UINT8", (-1, 224, 224, 3)),
            "probability": ("FP32", (-1, 8)),
            "heatmap": ("UINT8", (-1, 8, 56, 56)),
        },
        FLUORESCENCE: {
            "image": ("UINT8", (-1, -1, -1, 3)),
            "porphyrin": ("UINT8", (-1, -1, -1)),
            "uv_spot": ("UINT8", (-1, -1, -1)),
        },
    }
)
"""Every input and output of the models that results can do without."""
