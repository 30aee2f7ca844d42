"""What a visit shoots: views, lights and preparation, as a plan and as it was done."""

from enum import StrEnum
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from station.protocol.orders import CodedConcept


class Light(StrEnum):
    """Light mode of a picture."""

    WHITE = "white"
    CROSS_POLARISED = "cross_polarised"
    PARALLEL_POLARISED = "parallel_polarised"
    UV = "uv"
    UNCONTROLLED = "uncontrolled"
    """A photograph from elsewhere, light unknown."""


class View(StrEnum):
    """Pose of the head asked for."""

    FRONT = "front"
    LEFT_45 = "left_45"
    RIGHT_45 = "right_45"
    NECK = "neck"
    UNSPECIFIED = "unspecified"


class Preparation(StrEnum):
    """State of the skin when it was photographed."""

    UNSPECIFIED = "unspecified"
    CLEANSED = "cleansed"
    MAKE_UP = "make_up"


class Exposure(msgspec.Struct, frozen=True, kw_only=True):
    """Camera settings of one exposure."""

    time_s: Annotated[float, Meta(gt=0, le=60)]
    """Exposure time in seconds."""
    gain_db: Annotated[float, Meta(ge=0, le=60)] = 0.0
    """Analogue gain in dB."""


class LightStep(msgspec.Struct, frozen=True, kw_only=True):
    """One light of a recipe and how to expose under it."""

    light: Light
    power: Annotated[float, Meta(ge=0, le=1)]
    """Share of the lamp's full power."""
    exposure: Exposure
    settle_s: Annotated[float, Meta(ge=0, le=10)] = 0.05
    """Time for the lamp to reach its level, in seconds."""


class LightingRecipe(msgspec.Struct, frozen=True, kw_only=True):
    """The lights of one view, in the order they are shot; white first, the others reuse its face box."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    version: Annotated[int, Meta(ge=1)] = 1
    steps: Annotated[tuple[LightStep, ...], Meta(min_length=1, max_length=16)]


class BodySite(msgspec.Struct, frozen=True, kw_only=True):
    """Where on the body a picture is of."""

    code: CodedConcept
    """Of the skin there (PS3.16 CID 4029)."""
    side: Literal["left", "right"] | None = None
    """The subject's, of a paired site."""


class VisitProtocol(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a visit shoots: each view under each light of the recipe."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    version: Annotated[int, Meta(ge=1)] = 1
    views: Annotated[tuple[View, ...], Meta(min_length=1, max_length=8)]
    recipe: LightingRecipe
    preparation: Preparation = Preparation.UNSPECIFIED
    site: BodySite | None = None
    """Of the pictures of no particular view; None: it is not told."""
    sites: Annotated[tuple[BodySite, ...], Meta(max_length=64)] = ()
    """Those that the operator may choose `site` from; a visit that has begun carries none."""

    @property
    def stills(self) -> int:
        """Number of stills of a complete visit."""
        return len(self.views) * len(self.recipe.steps)
