"""How pictures are taken: preview, visit, calibration, ultraviolet light."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from station.calibration import EFFECTIVE_J_M2, EYE_J_M2
from station.config.section import Section
from station.protocol import Exposure, Light


class PreviewConfig(Section):
    """`[preview]`: the picture between the stills."""

    light: Light = Light.WHITE
    """Any but ultraviolet, which nobody sits in."""
    power: Annotated[float, Field(ge=0, le=1)] = 0.5
    """Share of the lamp's full power."""
    exposure_s: Annotated[float, Field(gt=0, le=1)] = 0.01
    gain_db: Annotated[float, Field(ge=0, le=60)] = 0.0
    hints_hz: Annotated[float, Field(gt=0, le=15)] = 4.0
    """Quality hints per second."""
    bitrate_kbit_s: Annotated[int, Field(ge=100, le=20_000)] = 1500
    """Of the video to the server, at the start; then what the way to the server carries, within the next two."""
    least_kbit_s: Annotated[int, Field(ge=100, le=20_000)] = 300
    most_kbit_s: Annotated[int, Field(ge=100, le=20_000)] = 4000

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.least_kbit_s <= self.bitrate_kbit_s <= self.most_kbit_s:
            raise ValueError("must have least_kbit_s <= bitrate_kbit_s <= most_kbit_s")
        return self

    @field_validator("light")
    @classmethod
    def _bearable(cls, value: Light) -> Light:
        if value is Light.UV:
            raise ValueError("the preview cannot be ultraviolet")
        return value

    @property
    def exposure(self) -> Exposure:
        """Exposure of a preview frame."""
        return Exposure(time_s=self.exposure_s, gain_db=self.gain_db)


class VisitConfig(Section):
    """`[visit]`: how a visit is played."""

    pace: Literal["guided", "timed"] | None = None
    """`guided`: a view is shot when its pose is right or the operator says so, and the end is a review; needs the page.
    `timed`: by the clock, for booths that nobody attends. None: guided where there is a page."""
    seating_s: Annotated[float, Field(ge=0, le=600)] = 2.0
    """Timed: time before each view, for the subject to take the pose."""
    auto_shoot_s: Annotated[float, Field(ge=0, le=60)] = 1.0
    """Guided: time for which the pose must be right until the shot comes by itself; 0: only the operator shoots."""
    idle_limit_s: Annotated[float, Field(gt=0, le=86_400)] = 900.0
    """Guided: time for which a pose or a review may wait; then the visit is closed with what it has."""
    rest_min: Annotated[float, Field(ge=0, le=120)] = 0.0
    """Minutes that the subject should have rested in the room before the first picture; shown, never waited for."""


class CalibrationConfig(Section):
    """`[calibration]`: the records that colour and scale rest on."""

    rig: Annotated[str, Field(pattern=r"^([a-z0-9_-]{1,32})?$")] = ""
    """Name of the rig in its records; empty: the booth's."""
    folder: Path | None = None
    """Folder of the records; without it `calibration` within the booth's data."""
    max_age_days: Annotated[float, Field(ge=0, le=3660)] = 92.0
    """Age at which a record expires; 0: never."""


class UvConfig(Section):
    """`[uv]`: how much ultraviolet light a person may have; less than the published limits, never more."""

    max_j_m2: Annotated[float, Field(gt=0, le=EYE_J_M2)] = EYE_J_M2
    """Radiant exposure of one person within a day, J/m²."""
    max_effective_j_m2: Annotated[float, Field(gt=0, le=EFFECTIVE_J_M2)] = EFFECTIVE_J_M2
    """The same weighted with S(λ)."""
    walk_in_share: Annotated[float, Field(gt=0, le=1)] = 0.1
    """Share of both for one visit without a patient ID; all of them together have one person's."""
    on_time_s: Annotated[float, Field(gt=0, le=30)] = 10.0
    """Longest time the lamp may be on in one exposure; booked in advance, the rest is given back."""
