"""A dermoscope before the lens: what a picture through it must say of it (PS3.3 section C.8.12.13)."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Immersion = Literal["ULTRASOUND_GEL", "ALCOHOL", "WATER", "MINERAL_OIL", "PLASTIC_CAP"]
"""Terms of Immersion Media."""


class Dermoscope(msgspec.Struct, frozen=True, kw_only=True):
    """The lens, and how it is used; None: not known."""

    contact: bool | None = None
    """Whether it touches the skin."""
    immersion: Immersion | None = None
    """What is between skin and glass; only with contact, and none where the contact is dry."""
    polarised: bool | None = None
    """Light of its own lamp; None where the booth's lamps shine, whose polarisation the picture's light tells."""
    magnification: Annotated[float, Meta(gt=0, le=1000)] | None = None
    """Of the optics."""
    colour_temperature_k: Annotated[float, Meta(ge=1000, le=20_000)] | None = None
    """Of its own lamp."""

    def __post_init__(self) -> None:
        if self.immersion is not None and not self.contact:
            raise ValueError("immersion is between skin and glass: it needs contact = true")
