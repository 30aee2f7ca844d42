"""Variation of prepared planes and their truth: contrast, overlay, shading, noise, blur, zoom, place.

Draws from PyTorch's generator.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

LARGEST_GAIN, SMALLEST_GAIN = 1.6, 0.55
LARGEST_NOISE = 0.12
LARGEST_SHADE = 0.6
"""change of the prepared density across the picture, where 2 is a factor of e in light"""
OVERLAID_SHARE = 0.3
_MOST_BLUR = 6.0
"""px, of pictures without any lesion"""
PLACED = 6
"""planes that show the picture; the further ones are constant over it"""


class Example(NamedTuple):
    """Prepared planes [B,C,S,S], with area, intensity and weight [B,4,S,S]."""

    planes: Tensor
    area: Tensor
    intensity: Tensor
    weight: Tensor


def _uniform(lo: float, hi: float) -> float:
    return lo + (hi - lo) * float(torch.rand(()))


def turned(example: Example) -> Example:
    """One of the eight placements of a square; all of the batch alike."""
    dims = [axis for axis in (2, 3) if torch.rand(()) < 0.5]
    swap = bool(torch.rand(()) < 0.5)

    def turn(t: Tensor) -> Tensor:
        flipped = t.flip(dims) if dims else t
        return flipped.transpose(2, 3) if swap else flipped

    return Example(*(turn(t) for t in example))


def varied(example: Example) -> Example:
    """Everything: intensity is scaled with the contrast that shows it."""
    example = overlaid(_contrast(example))
    if torch.rand(()) < 0.45:
        example = _zoomed(example)
    picture, rest = example.planes[:, :PLACED], example.planes[:, PLACED:]
    if torch.rand(()) < 0.4:
        picture = _blurred(picture, _uniform(0.3, 1.2))
    if torch.rand(()) < 0.3:
        picture = _misregistered(picture)
    picture = _smeared(_one_light(picture), example.area)
    if torch.rand(()) < 0.6:
        picture = _shaded(picture)
    amount = torch.rand(len(picture), 1, 1, 1) * LARGEST_NOISE
    picture = picture + torch.randn_like(picture) * amount.to(picture.device)
    return example._replace(planes=torch.cat([picture, rest], 1))


def _contrast(example: Example) -> Example:
    batch, device = len(example.planes), example.planes.device
    spread = torch.rand(batch, 1, 1, 1, device=device)
    gain = SMALLEST_GAIN * (LARGEST_GAIN / SMALLEST_GAIN) ** spread
    each = 0.9 + 0.2 * torch.rand(batch, PLACED, 1, 1, device=device)
    picture, rest = example.planes[:, :PLACED] * gain * each, example.planes[:, PLACED:]
    return example._replace(planes=torch.cat([picture, rest], 1), intensity=example.intensity * gain)


def overlaid(example: Example) -> Example:
    """A third of the pictures show a second skin on theirs: densities add, and so do hairs, furrows and lesions."""
    other = Example(*(t.roll(1, 0).flip(2) for t in example))
    batch, device = len(example.planes), example.planes.device
    chosen = torch.rand(batch, 1, 1, 1, device=device) < OVERLAID_SHARE
    picture, rest = example.planes[:, :PLACED], example.planes[:, PLACED:]
    free = torch.where(other.area > 0, other.weight, torch.minimum(example.weight, other.weight))
    return Example(
        torch.cat([picture + chosen * other.planes[:, :PLACED], rest], 1),
        torch.maximum(example.area, chosen * other.area),
        example.intensity + chosen * other.intensity,
        torch.where(chosen & (example.area == 0), free, example.weight),
    )


def _zoomed(example: Example) -> Example:
    side = example.planes.shape[-1]
    size = 16 * round(side * _uniform(0.75, 1.25) / 16)
    planes = functional.interpolate(
        example.planes, size=(size, size), mode="bilinear", align_corners=False, antialias=size < side
    )
    return Example(planes, *(functional.interpolate(t, size=(size, size)) for t in example[1:]))


def _blurred(picture: Tensor, sigma: float) -> Tensor:
    reach = 3 if sigma < 1 else round(2.5 * sigma)
    at = torch.arange(-reach, reach + 1, dtype=picture.dtype, device=picture.device)
    line = torch.exp(-at * at / (2 * sigma * sigma))
    kernel = (line / line.sum()).expand(PLACED, 1, -1)
    padded = functional.pad(picture, (reach,) * 4, mode="reflect")
    across = functional.conv2d(padded, kernel[:, :, None], groups=PLACED)
    return functional.conv2d(across, kernel[..., None], groups=PLACED)


def _smeared(picture: Tensor, area: Tensor) -> Tensor:
    """Half of the pictures without a lesion are out of focus: nothing is to be found in them."""
    clean = (area.amax((1, 2, 3)) == 0) & (torch.rand(len(area)) < 0.5).to(area.device)
    if not bool(clean.any()):
        return picture
    blurred = _blurred(picture[clean], _uniform(1.0, _MOST_BLUR))
    # Where the arithmetic is bfloat16 a convolution's result is, too.
    return picture.masked_scatter(clean[:, None, None, None].expand_as(picture), blurred.to(picture.dtype))


def _one_light(picture: Tensor) -> Tensor:
    """Now and then both halves show one picture, as of a camera without polarisers."""
    same = (torch.rand(len(picture), 1, 1, 1) < 0.1).to(picture.device)
    half = picture[:, :3] if torch.rand(()) < 0.5 else picture[:, 3:]
    return torch.where(same, torch.cat([half, half], 1), picture)


def _shaded(picture: Tensor) -> Tensor:
    """A smooth fall of light over the picture, nearly the same in all channels."""
    batch, device, side = len(picture), picture.device, picture.shape[-1]
    coarse = torch.rand(batch, 1, 3, 3, device=device) - 0.5
    tint = 0.85 + 0.3 * torch.rand(batch, PLACED, 1, 1, device=device)
    size = LARGEST_SHADE * torch.rand(batch, 1, 1, 1, device=device)
    field = functional.interpolate(coarse, size=(side, side), mode="bicubic", align_corners=True)
    shade = field * size * tint
    return picture + shade - shade.mean((2, 3), keepdim=True)


def _misregistered(picture: Tensor) -> Tensor:
    rows, columns = (int(each) for each in torch.randint(-1, 2, (2,)))
    return torch.cat([picture[:, :3], picture[:, 3:].roll((rows, columns), (2, 3))], 1)
