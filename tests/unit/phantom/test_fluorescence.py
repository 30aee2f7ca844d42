"""Faces under the ultraviolet lamps, and the lesions that a head carries beside spots and papules."""

import numpy as np
import pytest

from phantom import PART, Identity, Scene, ita_class, shade, trace

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def oily() -> Identity:
    return Identity.sample(7, "light").with_(
        pustules=8, open_comedones=20, closed_comedones=15, telangiectasias=8, melasma=1.0, sun_damage=0.8, porphyrin=0.7,
        glasses=False, beard="none", hair_style="short",
    )  # fmt: skip


@pytest.fixture(scope="module")
def pair(oily: Identity) -> tuple[Scene, Scene]:
    geometry = trace(oily, 560, 660, px_per_mm=2.6)
    return shade(geometry), shade(geometry, "uv")


def test_skin_glows_blue_green_and_reflects_nothing(pair: tuple[Scene, Scene]) -> None:
    _, uv = pair
    red, green, blue = np.median(uv.linear[uv.masks["skin"]], axis=0)
    assert red < green < blue
    assert not uv.masks["specular"].any()
    assert uv.linear[uv.labels == PART["hair"]].mean() < 0.3 * uv.linear[uv.masks["skin"]].mean()


def test_porphyrins_glow_red_where_the_mask_says(pair: tuple[Scene, Scene]) -> None:
    _, uv = pair
    mask, clear = uv.masks["porphyrin"], uv.masks["skin"] & ~uv.masks["porphyrin"]
    assert mask.sum() > 100
    assert uv.truth["porphyrin_count"] > 50
    share = uv.linear[..., 0] / uv.linear.sum(-1)
    assert share[mask].mean() > 1.5 * share[clear].mean()
    assert uv.linear[..., 0][mask].mean() > 1.5 * uv.linear[..., 0][clear].mean()


def test_sun_spots_are_dark_under_ultraviolet_and_hardly_seen_otherwise(pair: tuple[Scene, Scene]) -> None:
    def contrast(scene: Scene) -> float:
        mask, level = scene.masks["sun_spot"], scene.linear[..., 1]
        clear = scene.masks["skin"] & ~mask & ~scene.masks["melasma"] & ~scene.masks["porphyrin"]
        return float(np.median(level[mask & ~scene.masks["melasma"]]) / np.median(level[clear]))

    white, uv = pair
    assert contrast(uv) < 0.9
    assert contrast(white) > 0.93


def test_dark_skin_glows_least(oily: Identity) -> None:
    scenes = [shade(trace(Identity.sample(7, name), 120, 140), "uv") for name in ("light", "tan", "dark")]
    levels = [np.median(scene.linear[..., 2][scene.masks["skin"]]) for scene in scenes]
    assert levels[0] > 1.3 * levels[1] > 1.3 * levels[2]
    assert ita_class(oily.ita) == "light"


def test_lesions_of_every_kind_are_counted_and_drawn(pair: tuple[Scene, Scene]) -> None:
    white, _ = pair
    for kind, least in (("pustule", 6), ("open_comedo", 12), ("closed_comedo", 9), ("telangiectasia", 4)):
        assert least <= white.truth[f"{kind}_count"] <= 20
        assert white.masks[kind].sum() > 10, kind
    assert white.masks["melasma"].sum() > 500
    clear = white.masks["skin"] & ~white.masks["melasma"]
    assert white.maps["melanin"][white.masks["melasma"]].mean() > 1.3 * white.maps["melanin"][clear].mean()
    dark = white.linear[..., 1][white.masks["open_comedo"]].mean()
    assert dark < 0.8 * white.linear[..., 1][white.masks["closed_comedo"]].mean()


def test_a_clean_person_has_none(oily: Identity) -> None:
    clean = oily.with_(
        pustules=0,
        open_comedones=0,
        closed_comedones=0,
        telangiectasias=0,
        melasma=0.0,
        sun_damage=0.0,
        porphyrin=0.0,
    )
    scene = shade(trace(clean, 420, 500, px_per_mm=2.2))
    for kind in (
        "pustule",
        "open_comedo",
        "closed_comedo",
        "telangiectasia",
        "melasma",
        "sun_spot",
        "porphyrin",
    ):
        assert not scene.masks[kind].any(), kind
