"""What was found in a picture: quality, measures, findings and the overlay that shows them."""

from enum import StrEnum
from typing import Annotated, Self

import msgspec
from msgspec import Meta

from station.protocol.frame import Box


class Verdict(StrEnum):
    """Outcome of a quality measure or gate."""

    PASS = "pass"  # noqa: S105  a verdict, not a password
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"
    """The picture does not hold what is needed to tell."""


class QualityMeasure(msgspec.Struct, frozen=True, kw_only=True):
    """One capture-quality measure with the threshold it was held against."""

    name: str
    value: float | None
    unit: str
    verdict: Verdict
    threshold: float | None = None
    """The limit that decided the verdict, in `unit`."""
    region: str = "picture"
    advice: str = ""
    """What the operator should do, or why the measure cannot be told."""


class QualityReport(msgspec.Struct, frozen=True, kw_only=True):
    """Every quality measure of a picture and the verdict they lead to."""

    verdict: Verdict
    profile: str
    recipe: str
    threshold_version: str
    measures: tuple[QualityMeasure, ...]

    @property
    def advice(self) -> tuple[str, ...]:
        """The operator's sentences, worst first, without repeats."""
        order = (Verdict.FAIL, Verdict.WARN)
        lines = [m.advice for verdict in order for m in self.measures if m.verdict is verdict and m.advice]
        return tuple(dict.fromkeys(lines))


MOST_ADVICE = 3
"""Sentences of a `PreviewVerdict`."""


class PreviewVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the booth's gate says of its preview now: guidance, in short."""

    verdict: Verdict
    advice: Annotated[tuple[Annotated[str, Meta(max_length=200)], ...], Meta(max_length=MOST_ADVICE)] = ()
    """What to do, the worst first."""

    @classmethod
    def of(cls, report: QualityReport) -> Self:
        """The short form of a report."""
        return cls(verdict=report.verdict, advice=tuple(line[:200] for line in report.advice[:MOST_ADVICE]))


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """One number about the skin of one region."""

    region: str
    name: str
    value: float | None
    """None: not measurable, and `reason` says why."""
    unit: str
    method: str
    """Algorithm and its version, e.g. `chromophores/1`."""
    reason: str = ""


class Landmark(msgspec.Struct, frozen=True):
    """A point of a face in pixels of the picture."""

    x: float
    y: float
    confidence: float
    """0 to 1."""


class HeadPose(msgspec.Struct, frozen=True, kw_only=True):
    """How a head is turned against the camera, in degrees."""

    yaw: float
    """Nose to the right of the picture."""
    pitch: float
    """Nose up."""
    roll: float
    """Clockwise in the picture."""


class Face(msgspec.Struct, frozen=True, kw_only=True):
    """A face found in a picture."""

    box: Box
    source: str = "detected"
    """`detected` in this picture by the cascade, `segmented` from the whole of it, or `carried` from the white frame of
    the same view."""
    landmarks: tuple[Landmark, ...] = ()
    """Right and left eye outer corner, right and left inner corner, tip of the nose, right and left corner of the mouth,
    chin; the subject's sides. Empty: not known."""
    pose: HeadPose | None = None


class Layer(StrEnum):
    """Things an overlay or a stored result can show."""

    SKIN = "skin"
    MELANIN = "melanin"
    HAEMOGLOBIN = "haemoglobin"
    REDNESS = "redness"
    REFLECTION = "reflection"
    SPOTS = "spots"
    """Pigment spots as a trained model marks them; `melanin` is the map of all pigment."""
    TROUBLE = "trouble"
    """Papules, pustules and comedones."""
    WRINKLES = "wrinkles"
    PORES = "pores"
    PORPHYRIN = "porphyrin"
    UV_SPOTS = "uv_spots"
    ACNE = "acne"
    """Where a classifier sees acne."""
    SEVERITY = "severity"
    """Where the severity of acne is seen."""
    CONDITION_DRYNESS = "condition_dryness"
    CONDITION_TEXTURE = "condition_texture"
    CONDITION_MELASMA = "condition_melasma"
    CONDITION_LENTIGO = "condition_lentigo"
    CONDITION_EPHELIDES = "condition_ephelides"
    CONDITION_DERMATITIS = "condition_dermatitis"
    CONDITION_WRINKLES = "condition_wrinkles"
    CONDITION_CLOGGED_PORES = "condition_clogged_pores"
    """Where a condition is seen, in the places that were looked at."""
    REGIONS = "regions"
    """Outlines of the parts of the face that measures are told of."""


class Contour(msgspec.Struct, frozen=True, kw_only=True):
    """A closed outline in image coordinates."""

    layer: Layer
    points: tuple[int, ...]
    """x0, y0, x1, y1, … in pixels of the frame."""


class CoarseMap(msgspec.Struct, frozen=True, kw_only=True):
    """A coarse heat map over a rectangle of the frame."""

    layer: Layer
    box: Box
    columns: Annotated[int, Meta(ge=1, le=256)]
    rows: Annotated[int, Meta(ge=1, le=256)]
    values: bytes
    """zlib-compressed rows of uint8, `rows` x `columns`; 0 shows nothing, 255 the strongest."""


class Overlay(msgspec.Struct, frozen=True, kw_only=True):
    """What the analysis says about one preview frame, small enough to send with every frame."""

    frame_id: int
    """The frame it belongs to."""
    width: int
    height: int
    """Size of the frame that the coordinates refer to."""
    faces: tuple[Face, ...] = ()
    contours: tuple[Contour, ...] = ()
    maps: tuple[CoarseMap, ...] = ()
    model: str = ""
    """Name and version of the model, e.g. `live/1`."""
    inference_ms: float = 0.0
    """Time the model took, for latency displays."""


MAX_OVERLAY_BYTES = 10_240
"""Largest encoded overlay of a preview frame."""
