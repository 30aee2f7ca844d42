"""A painted swatch in front of the camera: a picture for each light, and what it shows of the lesions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from phantom.fields import Field, f32
from phantom.scene import Light
from phantom.swatch.canvas import Canvas
from phantom.swatch.fluorescence import fluorescence
from phantom.swatch.light import Radiance, film_of, lamps, radiance
from phantom.swatch.sensor import Bytes, sensor
from phantom.swatch.truth import visibility

_UV_GAIN = np.float32(1.6)
_GLOSS: Mapping[Light, float] = MappingProxyType({"white": 0.5, "parallel_polarised": 1.0})
"""Share of the glossy light that is seen; of the crossed picture it is the leak."""


def photographed(canvas: Canvas, lights: Sequence[Light]) -> tuple[dict[Light, Bytes], Field]:
    """The pictures by light, and contrast to noise by pixel (see `visibility`), judged on white light where none of
    the others is asked for.
    """
    light, camera, film = lamps(canvas), sensor(canvas), film_of(canvas)
    whole, bare = (radiance(canvas, layers, light, film) for layers in (canvas.whole(), canvas.bare))
    leak, pictures = canvas.draw("leak"), dict[Light, Bytes]()
    for index, name in enumerate(lights):
        glow = fluorescence(canvas, light) * _UV_GAIN if name == "uv" else _seen(whole, name, leak)
        pictures[name] = camera.expose(camera.optics(glow, index > 0), canvas.rng)
    judged: list[Light] = [name for name in lights if name != "uv"] or ["white"]
    shown, without = ([camera.roughly(_seen(each, name, leak)) for name in judged] for each in (whole, bare))
    return pictures, visibility(canvas, camera, shown, without)


def _seen(each: Radiance, light: Light, leak: float) -> Field:
    return f32(each.diffuse + np.float32(_GLOSS.get(light, leak)) * each.glossy[..., None])
