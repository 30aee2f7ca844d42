"""The eight conditions of skin, each by its own law, several at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Literal

import numpy as np

from phantom.fields import Field, blur, f32, smoothstep
from phantom.swatch import lesions
from phantom.swatch.canvas import Canvas, Mark
from phantom.swatch.shapes import Blob, blob, grain_noise, path, smooth_noise

Condition = Literal[
    "dryness", "texture", "melasma", "lentigo", "ephelides", "dermatitis", "wrinkles", "clogged_pores"
]
CONDITIONS: tuple[Condition, ...] = (
    "dryness", "texture", "melasma", "lentigo", "ephelides", "dermatitis", "wrinkles", "clogged_pores",
)  # fmt: skip


def paint(canvas: Canvas, conditions: Collection[Condition]) -> None:
    """Paint each of the conditions, and ordinary skin's few pores and papules."""
    for name in CONDITIONS:
        if name in conditions:
            _PAINT[name](canvas)
    lesions.pores(canvas, canvas.rng.uniform(4, 18))
    for _ in range(int(canvas.rng.poisson(0.8))):
        y, x = canvas.anywhere(1)[0]
        lesions.inflamed(canvas, "papule" if canvas.rng.random() < 0.7 else "pustule", float(y), float(x))


def _flakes(canvas: Canvas, coverage: float) -> Field:
    """Opacity of loose horny scales: ragged platelets, some hundred micrometres across, over that share of the skin."""
    size = canvas.draw("flake")
    field = grain_noise(canvas, 0.18 * size, 0.5 * size) + np.float32(0.8) * smooth_noise(canvas, 5 * size)
    edge = float(np.quantile(field[::4, ::4], 1 - coverage))
    return f32(np.float32(canvas.draw("scale_opacity")) * smoothstep(edge - 0.1, edge + 0.45, field))


def _shed(canvas: Canvas, opacity: Field) -> None:
    np.maximum(canvas.marked.scale, opacity, out=canvas.marked.scale)
    canvas.marked.height += np.float32(0.04) * blur(opacity, 0.05 * canvas.px_per_mm)


def _dryness(canvas: Canvas) -> None:
    _shed(canvas, _flakes(canvas, canvas.rng.uniform(0.14, 0.3)))


def _texture(canvas: Canvas) -> None:
    period, depth = canvas.draw("bump_period"), np.float32(canvas.draw("roughness_relief"))
    canvas.marked.height += depth * grain_noise(canvas, 0.16 * period, 0.4 * period)


def _somewhere(canvas: Canvas, name: str, ragged: float) -> tuple[float, float, float, Blob]:
    """A large blob whose centre lies in the picture; row, column and radius in px."""
    y, x = canvas.anywhere(1, 0.15 * canvas.side)[0]
    radius = canvas.draw(name) * canvas.px_per_mm
    made = blob(canvas, float(y), float(x), radius, 0.6, ragged)
    assert made is not None
    return float(y), float(x), radius, made


def _broken(canvas: Canvas, b: Blob, soft: float, coarse: float) -> Blob:
    """The blob with a wandering edge, for fields without a clear outline."""
    wander = 0.22 * smooth_noise(canvas, coarse) + 0.08 * smooth_noise(canvas, 0.3 * coarse)
    return Blob(b.window, f32(b.q * (1 + soft * wander[b.window])))


def _melasma(canvas: Canvas) -> None:
    for _ in range(int(canvas.rng.integers(1, 3))):
        y, x, radius, whole = _somewhere(canvas, "melasma_reach", 0.35)
        b = _broken(canvas, whole, 1.3, 5.0)
        mottle = 1 + np.float32(0.15) * smooth_noise(canvas, 1.2)[b.window]
        dose = np.float32(canvas.draw("melasma_dose"))
        gain = canvas.darken(b.window, f32(dose * b.level(0.45) * mottle))
        canvas.add(lesions.mark("melasma", "melanin", y, x, radius, b), gain)


def _lentigo(canvas: Canvas) -> None:
    lesions.spots(canvas, "lentigo", int(canvas.rng.integers(3, 10)))


def _ephelides(canvas: Canvas) -> None:
    centre = canvas.anywhere(1, 0.25 * canvas.side)[0]
    spread = canvas.rng.uniform(7, 13) * canvas.px_per_mm
    lesions.spots(canvas, "ephelis", int(canvas.rng.integers(28, 85)), centre, spread)


def _dermatitis(canvas: Canvas) -> None:
    scales = np.float32(0.6) * _flakes(canvas, canvas.rng.uniform(0.12, 0.3))
    for _ in range(int(canvas.rng.integers(1, 3))):
        y, x, radius, whole = _somewhere(canvas, "plaque_reach", 0.25)
        b = _broken(canvas, whole, 1.0, 3.0)
        level = b.level(0.28)
        mottle = 1 + np.float32(0.2) * smooth_noise(canvas, 1.0)[b.window]
        canvas.redden(b.window, f32(np.float32(canvas.draw("dermatitis_dose")) * level * mottle))
        inside = np.zeros_like(scales)
        inside[b.window] = scales[b.window] * level
        _shed(canvas, inside)
        canvas.marks.append(Mark("dermatitis", "trouble", y, x, radius, b.window, b.q < 1))


def _wrinkles(canvas: Canvas) -> None:
    main = canvas.rng.uniform(0, np.pi)
    extent = canvas.side / canvas.px_per_mm
    for _ in range(int(canvas.rng.integers(3, 8))):
        line = path(
            canvas,
            canvas.rng.uniform(0.4, 1.1) * extent,
            2 * canvas.draw("wave"),
            main + canvas.rng.normal(0, 0.2),
        )
        width = canvas.draw("wrinkle_half_width") * canvas.rng.uniform(1.8, 3.0)
        lesions.groove(canvas, line, width, canvas.draw("wrinkle_aspect"))


def _clogged_pores(canvas: Canvas) -> None:
    centre = canvas.anywhere(1, 0.25 * canvas.side)[0]
    spread = canvas.rng.uniform(5, 11) * canvas.px_per_mm
    for y, x in canvas.rng.normal(centre, spread, (int(canvas.rng.integers(35, 95)), 2)):
        lesions.comedo(
            canvas, "open_comedo" if canvas.rng.random() < 0.8 else "closed_comedo", float(y), float(x)
        )
    places = f32(canvas.rng.normal(centre, spread, (60, 2)))
    lesions.fluoresce(canvas, places[((places > 2) & (places < canvas.side - 3)).all(1)], 0.6)


_PAINT: Mapping[Condition, Callable[[Canvas], None]] = MappingProxyType(
    {
        "dryness": _dryness, "texture": _texture, "melasma": _melasma, "lentigo": _lentigo, "ephelides": _ephelides,
        "dermatitis": _dermatitis, "wrinkles": _wrinkles, "clogged_pores": _clogged_pores,
    }
)  # fmt: skip
