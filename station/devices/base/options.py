"""What the configuration of every camera holds."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class CameraOptions(BaseModel):
    """Settings that every camera has; a driver adds its own, and may narrow these."""

    model_config = ConfigDict(extra="forbid")

    preview_width: Annotated[int, Field(ge=64, le=3840, multiple_of=2)] = 1280
    preview_height: Annotated[int, Field(ge=64, le=2160, multiple_of=2)] = 720
    preview_fps: Annotated[float, Field(gt=0, le=60)] = 15.0
