"""Thresholds of capture quality: a named, versioned set per recipe and light."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from station.protocol import Light, View
from station.quality.placement import Guide

UNCONTROLLED = "uncontrolled"
"""The recipe of photographs from elsewhere."""
CLOSE_UP = "close_up"
"""The recipe by which pictures through a dermoscope are judged, whatever lights they are taken under."""
BOOTH = "booth"
"""Scope of the limits of every recipe of a booth."""


class Limit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a measure begins to warn and to fail, in its unit.

    A larger value is worse where `fail` is over `warn`, a smaller one where it is under.
    """

    warn: float
    fail: float
    above: "Limit | None" = None
    """Of a measure that is wrong either way: the limits of positive values, where they are not those of negative ones."""

    def of(self, value: float) -> "Limit":
        """The limits of a value by its sign."""
        return self.above if value > 0 and self.above is not None else self


class QualityProfile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A set of limits."""

    name: Annotated[str, Meta(min_length=1, max_length=32)]
    version: Annotated[str, Meta(min_length=1, max_length=32)]
    """Of the thresholds; it stands in every report made with them."""
    limits: dict[str, dict[str, Limit]] = {}
    """Measure name to limit, by scope: `uncontrolled`, `close_up`, `booth`, a light, a recipe, or `recipe/light`."""
    tab_white: dict[str, Annotated[float, Meta(gt=0)]] = {}
    """By light, the level of a perfect white at the right exposure, as share of the white level; 1 where not named."""
    guide: dict[str, Guide] = {}
    """By view, where the face should be."""

    def limit(self, measure: str, recipe: str, light: Light) -> Limit | None:
        """The limit of the narrowest scope that names the measure; None: it is reported and not judged."""
        scopes = (
            (f"{recipe}/{light}", recipe)
            if recipe in (UNCONTROLLED, CLOSE_UP)
            else (f"{recipe}/{light}", recipe, light, BOOTH)
        )
        for scope in scopes:
            if (found := self.limits.get(scope, {}).get(measure)) is not None:
                return found
        return None


def load_profile(data: dict[str, Any]) -> QualityProfile:
    """The profile of a parsed TOML file; raises ValueError with the place of what is wrong."""
    try:
        profile = msgspec.convert(data, QualityProfile)
    except msgspec.ValidationError as error:
        raise ValueError(f"quality profile: {error}") from error
    if unknown := sorted(set(profile.tab_white) - set(Light)):
        raise ValueError(
            f"quality profile: tab_white names no light {unknown[0]!r}; one of {', '.join(Light)}"
        )
    if unknown := sorted(set(profile.guide) - set(View)):
        raise ValueError(f"quality profile: guide names no view {unknown[0]!r}; one of {', '.join(View)}")
    if unknown := sorted({name for scope in profile.limits.values() for name in scope} - MEASURES):
        raise ValueError(f"quality profile: no measure {unknown[0]!r}; one of {', '.join(sorted(MEASURES))}")
    return profile


MEASURES = frozenset(
    {
        "neutral_tab_exposure",
        "underexposure",
        "overexposure",
        "noise",
        "color_cast",
        "shadow_share",
        "sharpness",
        "zone_sharpness",
        "specular_reflection",
        "polarised_reflection",
        "gloss",
        "polariser",
        "dynamic_range",
        "illumination_uniformity",
        "zone_uniformity",
        "flat_field",
        "motion",
        "gradient_anisotropy",
        "head_pose",
        "framing",
        "distance",
        "pose_change",
        "distance_change",
        "eye_opening",
        "occlusion",
        "registration",
    }
)
"""Names that a profile may limit."""
