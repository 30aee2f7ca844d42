"""Who the phantom is: every seeded property of one person, and the pose in which they are shown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from phantom.blemishes import draw_blemishes
from phantom.spectral import ITA_CLASSES, skin_table

HairStyle = Literal["bald", "receding", "buzz", "short", "side", "long", "fringe", "curly", "bob", "up"]
BeardStyle = Literal["none", "stubble", "full", "goatee", "moustache"]
Garment = Literal["crew", "vneck", "shirt"]
Frame = Literal["full", "half", "rimless"]
Colour = tuple[float, float, float]

ITA_RANGES = {
    "very_light": (56, 66), "light": (42, 54), "intermediate": (29, 40), "tan": (11, 27), "brown": (-29, 8), "dark": (-52, -31),
}  # fmt: skip
_HAIR_COLOURS: tuple[Colour, ...] = (
    (0.010, 0.008, 0.007), (0.022, 0.014, 0.010), (0.052, 0.029, 0.016), (0.105, 0.060, 0.030),
    (0.250, 0.160, 0.080), (0.150, 0.055, 0.024),
)  # fmt: skip
_GREY_HAIR: Colour = (0.36, 0.35, 0.34)
IRIS_COLOURS: tuple[Colour, ...] = (
    (0.12, 0.22, 0.32), (0.15, 0.20, 0.19), (0.12, 0.15, 0.07), (0.13, 0.06, 0.022), (0.06, 0.026, 0.011), (0.03, 0.014, 0.008),
)  # fmt: skip
_STYLES: tuple[HairStyle, ...] = (
    "bald",
    "receding",
    "buzz",
    "short",
    "side",
    "long",
    "fringe",
    "curly",
    "bob",
    "up",
)
_STYLE_WEIGHTS = {
    True: (0.10, 0.12, 0.14, 0.28, 0.20, 0.02, 0.02, 0.11, 0.0, 0.01),
    False: (0.01, 0.01, 0.02, 0.08, 0.14, 0.27, 0.12, 0.12, 0.14, 0.09),
}
_DEMO_WEIGHTS = {
    True: (0.08, 0.04, 0.18, 0.38, 0.26, 0.0, 0.0, 0.06, 0.0, 0.0),
    False: (0.0, 0.0, 0.0, 0.08, 0.16, 0.36, 0.08, 0.06, 0.12, 0.14),
}
_FRAMES: tuple[Colour, ...] = (
    (0.012, 0.012, 0.012),
    (0.05, 0.025, 0.012),
    (0.28, 0.24, 0.16),
    (0.33, 0.33, 0.34),
    (0.02, 0.02, 0.06),
)
_CLOSED = -0.3
"""Opening at which the upper lid's margin lies on the lower one's, with the smile's play to spare."""


@dataclass(frozen=True)
class Pose:
    """Head rotation in degrees: yaw turns the nose to the right of the picture, pitch lifts it, roll tilts the head anticlockwise."""

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0


@dataclass(frozen=True)
class Identity:
    """One person. Lengths in mm, factors relative to an average adult; `sample` draws them."""

    seed: int
    ita_class: str
    ita: float
    melanin: float
    blood: float
    age: float
    """0 young .. 1 old"""
    masculinity: float
    male: bool
    face_width: float
    face_length: float
    jaw: float
    chin: float
    cheekbone: float
    fat: float
    eye_spacing: float
    """midline to eye centre, mm"""
    eye_half_width: float
    eye_opening: float
    eye_tilt: float
    lid_hood: float
    gaze: tuple[float, float]
    iris: Colour
    nose_length: float
    nose_width: float
    nose_height: float
    nose_bridge: float
    upper_lip: float
    lower_lip: float
    mouth_half_width: float
    smile: float
    mouth_gap: float
    brow_thickness: float
    brow_height: float
    brow_arch: float
    brow_density: float
    asymmetry: float
    hair_style: HairStyle
    hair_colour: Colour
    brow_colour: Colour
    greyness: float
    hairline: float
    recession: float
    hair_thickness: float
    hair_bottom: float
    curl: float
    parting: float
    hair_form: float
    beard: BeardStyle
    beard_density: float
    make_up: float
    lip_colour: Colour
    glasses: bool
    frame_colour: Colour
    frame_half_width: float
    frame_half_height: float
    frame_exponent: float
    frame_thickness: float
    garment: Garment
    garment_colour: Colour
    oil: float
    moles: int
    freckles: float
    """0 none .. 1 many"""
    age_spots: int
    papules: int
    pore_density: float
    """pores per mm2 on the nose; less elsewhere"""
    pustules: int
    open_comedones: int
    closed_comedones: int
    telangiectasias: int
    melasma: float
    """0 none .. 1 full"""
    sun_damage: float
    """0 none .. about 1: spots that ultraviolet light shows"""
    porphyrin: float
    """share of the T-zone's follicles that glow under ultraviolet light, 0..1"""
    hair_softness: float
    """mm over which the scalp hair thins out to its line"""
    hair_cover: float
    """share of the scalp that full hair hides"""
    loose_strands: float
    brow_opacity: float
    double_chin: float
    frame: Frame
    lens_tint: float
    lens_glare: float
    lens_power: float
    """horizontal shift of what is seen through a lens, share of the distance from its centre"""

    def asleep(self) -> Self:
        """The same person with closed eyes."""
        return replace(self, eye_opening=_CLOSED)

    @classmethod
    def sample(cls, seed: int, ita_class: str | None = None, *, demo: bool = False) -> Self:
        """Draw a person; the same arguments give the same person.

        `ita_class` is one of `ITA_CLASSES` (drawn evenly when None). `demo` draws styles and lesions made for showing.
        Raises ValueError for an unknown class.
        """
        if ita_class is not None and ita_class not in ITA_CLASSES:
            raise ValueError(f"unknown ITA class {ita_class!r}; one of {', '.join(ITA_CLASSES)}")
        rng = np.random.default_rng([seed, 20 + demo])
        drawn = str(rng.choice(ITA_CLASSES))
        values = _body(rng, ita_class or drawn, demo=demo)
        values |= _face(rng, bool(values["male"]), demo=demo)
        values |= _hair(rng, values, demo=demo)
        values |= _dress(rng, bool(values["male"]), demo=demo) | _lesions(rng, values, demo=demo)
        values |= _finish(np.random.default_rng([seed, 22 + demo]), values, demo=demo)
        values |= draw_blemishes(seed, values, demo=demo)
        return cls(seed=seed, **values)  # type: ignore[arg-type]

    def with_(self, **changes: object) -> Self:
        """A copy with some fields replaced."""
        return replace(self, **changes)  # type: ignore[arg-type]


def _colour(a: NDArray[np.float64]) -> Colour:
    return float(a[0]), float(a[1]), float(a[2])


def _body(rng: np.random.Generator, ita_class: str, *, demo: bool) -> dict[str, object]:
    ita = float(rng.uniform(*ITA_RANGES[ita_class]))
    blood = float(np.exp(rng.uniform(np.log(0.005), np.log(0.014))))
    age = float(rng.uniform(0, 0.55 if demo else 1.0) ** 1.2)
    masculinity = float(rng.uniform())
    return {
        "ita_class": ita_class, "ita": ita, "blood": blood, "melanin": skin_table().melanin_for(ita, blood),
        "age": age, "masculinity": masculinity, "male": masculinity > 0.5,
    }  # fmt: skip


def _face(rng: np.random.Generator, male: bool, *, demo: bool) -> dict[str, object]:
    def u(lo: float, hi: float) -> float:
        value = rng.uniform(lo, hi)
        return float(0.5 * (lo + hi) + (0.92 if demo else 1.0) * (value - 0.5 * (lo + hi)))

    smile = u(0.12, 0.9) if rng.random() < 0.8 else u(0.0, 0.15)
    if demo:
        smile = u(0.25, 0.75)
    grin = smile > 0.55 and rng.random() < 0.6
    return {
        "face_width": u(0.95, 1.06), "face_length": u(0.94, 1.05), "jaw": u(0.92, 1.04) + (0.05 if male else -0.03),
        "chin": u(0.85, 1.15) + (0.10 if male else -0.05), "cheekbone": u(0, 1), "fat": u(0.15, 0.9),
        "eye_spacing": u(30.5, 33.0), "eye_half_width": u(13.6, 15.4), "eye_opening": u(0.92, 1.2) * (0.94 if male else 1.04) * (1 - 0.12 * smile),
        "eye_tilt": u(-0.01, 0.08), "lid_hood": u(0, 1), "gaze": (u(-0.05, 0.05), u(-0.03, 0.03)),
        "nose_length": u(0.93, 1.07), "nose_width": u(0.86, 1.28), "nose_height": u(0.82, 1.12), "nose_bridge": u(0.85, 1.2),
        "upper_lip": u(4.8, 8.2), "lower_lip": u(7.2, 11.0), "mouth_half_width": u(23.5, 27.5), "smile": smile,
        "mouth_gap": u(7.0, 11.0) * smile if grin else 0.0,
        "brow_thickness": u(0.85, 1.3) * (1.15 if male else 0.85), "brow_height": u(-1.5, 1.2) + (-0.8 if male else 0.8),
        "brow_arch": u(0.2, 2.0) + (0.0 if male else 0.8), "brow_density": u(0.65, 1.0), "asymmetry": u(0.15, 0.55),
    }  # fmt: skip


def _hair(rng: np.random.Generator, person: dict[str, object], *, demo: bool) -> dict[str, object]:
    fair = person["ita_class"] in ("very_light", "light")
    male, age = bool(person["male"]), float(person["age"])  # type: ignore[arg-type]
    grey = float(np.clip((age - 0.5) * 1.8 + rng.uniform(-0.4, 0.3), 0, 1))
    natural = (
        int(rng.choice(6, p=[0.12, 0.25, 0.25, 0.2, 0.12, 0.06]))
        if fair
        else int(rng.choice([0, 0, 1, 1, 2]))
    )
    if person["ita_class"] in ("brown", "dark"):
        natural = int(rng.choice([0, 0, 1]))
    base, silver = np.array(_HAIR_COLOURS[natural]), np.array(_GREY_HAIR)
    weights = np.array((_DEMO_WEIGHTS if demo else _STYLE_WEIGHTS)[male])
    brow_silver = 0.12 if person["ita_class"] in ("brown", "dark") else 0.35
    style = _STYLES[int(rng.choice(len(_STYLES), p=weights / weights.sum()))]
    shown = 0.4 * grey if style == "buzz" else grey
    beards: tuple[BeardStyle, ...] = ("none", "stubble", "full", "goatee", "moustache")
    chances = [0.5, 0.3, 0.2, 0.0, 0.0] if demo else [0.5, 0.22, 0.14, 0.08, 0.06]
    beard = beards[int(rng.choice(5, p=chances))] if male else "none"
    iris = int(rng.choice(6, p=[0.2, 0.14, 0.14, 0.24, 0.18, 0.1])) if fair else int(rng.choice([3, 4, 4, 5]))
    return {
        "hair_style": style, "hair_colour": _colour(base * (1 - shown) + silver * shown),
        "greyness": grey,
        "brow_colour": _colour(base + grey * brow_silver * silver), "iris": IRIS_COLOURS[iris],
        "hairline": float(rng.uniform(60, 74)), "recession": float(rng.uniform()), "hair_thickness": float(rng.uniform(0.75, 1.45)),
        "hair_bottom": float(rng.uniform(-185, -60)), "curl": float(rng.uniform()), "hair_form": float(rng.uniform()),
        "parting": float(rng.uniform(12, 32) * rng.choice([-1.0, 1.0])), "beard": beard, "beard_density": float(rng.uniform()),
    }  # fmt: skip


def _dress(rng: np.random.Generator, male: bool, *, demo: bool) -> dict[str, object]:
    garments: tuple[Garment, ...] = ("crew", "vneck", "shirt")
    muted = rng.uniform(0.02, 0.4, 3) * rng.uniform(0.25, 1.0)
    muted = 0.5 * muted + 0.5 * muted.mean()
    return {
        "make_up": 0.0 if male else float(rng.uniform(0, 0.8) * (rng.random() < 0.7)),
        "lip_colour": _colour(rng.uniform((0.30, 0.06, 0.07), (0.48, 0.16, 0.17))),
        "glasses": bool(rng.random() < (0.12 if demo else 0.25)), "frame_colour": _FRAMES[int(rng.integers(5))],
        "frame_half_width": float(rng.uniform(24.0, 27.5)), "frame_half_height": float(rng.uniform(15.5, 19.0)),
        "frame_exponent": float(rng.uniform(2.2, 4.2)), "frame_thickness": float(rng.uniform(0.45, 1.2)),
        "garment": garments[int(rng.integers(3))], "garment_colour": _colour(muted),
    }  # fmt: skip


def _lesions(rng: np.random.Generator, person: dict[str, object], *, demo: bool) -> dict[str, object]:
    age, fair = float(person["age"]), person["ita_class"] in ("very_light", "light", "intermediate")  # type: ignore[arg-type]
    spotted = fair and rng.random() < (0.35 if demo else 0.25)
    return {
        "oil": float(rng.uniform(0.4, 1.1)), "moles": int(rng.integers(0, 4)),
        "freckles": float(rng.uniform(0.2, 1.0)) if spotted else 0.0, "age_spots": int(rng.poisson((2 * age + 1.5) if demo else (5 * age + 2.0))),
        "papules": int(rng.poisson(float(rng.choice([1.0, 3.0, 9.0])))), "pore_density": float(rng.uniform(0.5, 1.3)),
    }  # fmt: skip


def _finish(rng: np.random.Generator, person: dict[str, object], *, demo: bool) -> dict[str, object]:
    """What blurs the line between skin and the rest: thin hair, faint brows, lenses, a soft jaw."""
    pale = person["ita_class"] in ("very_light", "light", "intermediate") and sum(person["hair_colour"]) > 0.3  # type: ignore[call-overload]
    thin = rng.random() < (0.05 if demo else 0.25 + 0.25 * pale + 0.2 * (float(person["age"]) > 0.6))  # type: ignore[arg-type]
    frames: tuple[Frame, ...] = ("full", "half", "rimless")
    frame = frames[int(rng.choice(3, p=[0.75, 0.15, 0.10] if demo else [0.55, 0.2, 0.25]))]
    tinted = rng.random() < (0.05 if demo else 0.2)
    return {
        "hair_softness": float(rng.uniform(8, 25) if thin else rng.uniform(1, 8)),
        "hair_cover": float(rng.uniform(0.5, 0.95) if thin else rng.uniform(0.92, 1.0)),
        "loose_strands": float(rng.uniform() ** 2), "brow_opacity": float(rng.uniform(0.2, 0.8) if pale else rng.uniform(0.6, 1.0)),
        "double_chin": float(np.clip(rng.normal(0, 0.4), 0, 1) * float(person["fat"])), "frame": frame,  # type: ignore[arg-type]
        "lens_tint": float(rng.uniform(0.15, 0.5) if tinted else rng.uniform(0, 0.08)),
        "lens_glare": float(rng.uniform() ** 2), "lens_power": float(rng.uniform(-0.10, 0.05)),
    }  # fmt: skip
