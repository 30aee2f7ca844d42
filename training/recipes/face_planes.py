"""What the acne networks see of a face: optical density less its mean over the skin, so that exposure and white fall out."""

from __future__ import annotations

from torch import Tensor

from training.networks.pictures import optical_density, planes

_CONTRAST = 1.5
_CENTRE = (slice(60, 180), slice(50, 174))
"""rows and columns of a normalised face that are skin for the most part"""


def normalised_face(image: Tensor) -> Tensor:
    """Planes [B,3,224,224] of normalised faces uint8 [B,224,224,3]."""
    density = optical_density(planes(image))
    mean = density[:, :, _CENTRE[0], _CENTRE[1]].mean((2, 3), keepdim=True)
    return (density - mean) * _CONTRAST


def masked_skin(image: Tensor) -> Tensor:
    """Planes [B,3,H,W] of skin crops uint8 [B,H,W,3] that are 0 outside the mask; 0 there, too."""
    values = planes(image)
    inside = (values.amax(1, keepdim=True) > 0).to(values.dtype)
    density = optical_density(values)
    total = inside.sum((2, 3), keepdim=True).clamp_min(1.0)
    mean = (density * inside).sum((2, 3), keepdim=True) / total
    return (density - mean) * inside * _CONTRAST
