"""What the configuration of every camera holds."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from station.protocol import Dermoscope, Immersion


class DermoscopeOptions(BaseModel):
    """`[camera.dermoscope]`: what is before the lens; what is left out is not known."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    contact: bool | None = None
    immersion: Immersion | None = None
    """Only with contact; left out where the contact is dry."""
    polarised: bool | None = None
    """Light of its own lamp; left out where the booth's lamps shine through it: then each picture's light tells."""
    magnification: Annotated[float, Field(gt=0, le=1000)] | None = None
    colour_temperature_k: Annotated[float, Field(ge=1000, le=20_000)] | None = None

    @model_validator(mode="after")
    def _sound(self) -> Self:
        self.told()
        return self

    def told(self) -> Dermoscope:
        """As pictures say it."""
        return Dermoscope(**self.model_dump())


class CameraOptions(BaseModel):
    """Settings that every camera has; a driver adds its own, and may narrow these."""

    model_config = ConfigDict(extra="forbid")

    preview_width: Annotated[int, Field(ge=64, le=3840, multiple_of=2)] = 1280
    preview_height: Annotated[int, Field(ge=64, le=2160, multiple_of=2)] = 720
    preview_fps: Annotated[float, Field(gt=0, le=60)] = 15.0
    dermoscope: DermoscopeOptions | None = None
    """The one that the camera looks through; None: it looks at the face."""
