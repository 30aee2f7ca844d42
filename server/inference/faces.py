"""What pictures of a whole face, or of a region, tell: acne, its severity, skin conditions."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from server.inference.client import TritonClient
from server.inference.crop import FaceCrop, Image
from server.inference.learned import ACNE, CONDITIONS_MODEL, CONDITIONS_PX_PER_MM, SEVERITY
from server.inference.models import SKIN_FROM

SIDE: Final = 224
CONDITIONS_BATCH: Final = 8
_TIMEOUT_S: Final = 120.0

Similarity = npt.NDArray[np.float64]
"""(2, 3): a place in the picture to one in the normalised face."""


@dataclass(frozen=True, eq=False)
class Acne:
    """Whether a face shows acne."""

    probability: float
    heatmap: Image
    """(H, W) of the picture: where that is seen, 255 the strongest."""


@dataclass(frozen=True, eq=False)
class Severity:
    """How severe the acne of a face is, from 0 to 4."""

    grade: int
    distribution: tuple[float, ...]
    """Probability of each grade."""
    estimate: float
    """The regressor's value."""
    uncertain: bool
    heatmap: Image
    """(H, W) of the picture, or of the normalised face."""


@dataclass(frozen=True, eq=False)
class Conditions:
    """Conditions of one piece of skin, in the order of `CONDITIONS`."""

    probabilities: tuple[float, ...]
    look: FaceCrop
    """The piece of skin."""
    heatmaps: Image
    """(8, 56, 56): where in the look each is seen."""

    def on_picture(self, index: int, size: tuple[int, int]) -> Image:
        """The heat map of one condition at the size (height, width) of the picture, 0 outside the look."""
        large = cv2.resize(self.heatmaps[index], (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
        return self.look.paste(np.asarray(large, np.uint8), size)


async def classify_acne(client: TritonClient, image: Image, skin: Image) -> Acne | None:
    """Acne in a picture [H,W,3] in sRGB: the smallest box around the skin (`skin` [H,W]), cut at full resolution,
    black outside the skin, shown at 224 px (Quattrini 2022). None without skin.

    Raises what `TritonClient.infer` raises.
    """
    mask = (skin >= SKIN_FROM).view(np.uint8)
    x, y, width, height = cv2.boundingRect(mask)
    if width < 2 or height < 2:
        return None
    part = cv2.bitwise_and(image[y : y + height, x : x + width], image[y : y + height, x : x + width],
                           mask=np.ascontiguousarray(mask[y : y + height, x : x + width]))  # fmt: skip
    shown = cv2.resize(part, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    answer = await client.infer(ACNE, {"image": shown[None]}, timeout_s=_TIMEOUT_S)
    heatmap = np.zeros(skin.shape, np.uint8)
    heatmap[y : y + height, x : x + width] = cv2.resize(answer["heatmap"][0], (width, height))
    return Acne(
        float(answer["probability"][0, 1]), np.asarray(cv2.bitwise_and(heatmap, heatmap, mask=mask), np.uint8)
    )


async def grade_severity(
    client: TritonClient, image: Image, placing: Similarity, *, model: str = SEVERITY
) -> Severity:
    """Severity of the acne on a face [H,W,3] in sRGB; `placing` brings it into the normalised 224 px.

    Raises what `TritonClient.infer` raises.
    """
    found = await grade_face(client, image, placing, model=model)
    back = cv2.invertAffineTransform(placing)
    heatmap = cv2.warpAffine(found.heatmap, back, (image.shape[1], image.shape[0]))
    return replace(found, heatmap=np.asarray(heatmap, np.uint8))


async def grade_face(
    client: TritonClient, image: Image, placing: Similarity, *, model: str = SEVERITY
) -> Severity:
    """The same with the heat map left on the normalised face, (224, 224)."""
    answer = await client.infer(model, {"image": placed(image, placing)[None]}, timeout_s=_TIMEOUT_S)
    return Severity(
        grade=round(float(answer["grade"][0, 0])),
        distribution=tuple(float(share) for share in answer["distribution"][0]),
        estimate=float(answer["estimate"][0, 0]),
        uncertain=bool(answer["uncertain"][0, 0]),
        heatmap=np.array(answer["heatmap"][0], np.uint8),
    )


async def find_conditions(
    client: TritonClient, image: Image, centres: Sequence[tuple[float, float]], px_per_mm: float
) -> list[Conditions]:
    """The conditions of the skin around each place (x, y in px) of a picture [H,W,3] in sRGB, 37 mm wide.

    Raises what `TritonClient.infer` raises.
    """
    extent = SIDE / CONDITIONS_PX_PER_MM * px_per_mm
    looks = [FaceCrop.square(centre, extent, SIDE) for centre in centres]
    found = []
    for start in range(0, len(looks), CONDITIONS_BATCH):
        part = looks[start : start + CONDITIONS_BATCH]
        batch = np.stack([look.cut(image) for look in part])
        answer = await client.infer(CONDITIONS_MODEL, {"image": batch}, timeout_s=_TIMEOUT_S)
        found += [
            Conditions(tuple(map(float, shares)), look, np.array(maps))
            for look, shares, maps in zip(part, answer["probability"], answer["heatmap"], strict=True)
        ]
    return found


def placed(image: Image, placing: Similarity) -> Image:
    """The picture brought into the normalised face, (224, 224, 3); shrunk without aliasing."""
    scale = float(np.hypot(placing[0, 0], placing[1, 0]))
    reduction = max(1, int(1 / scale))
    if reduction > 1:
        height, width = image.shape[0] // reduction, image.shape[1] // reduction
        part = image[: height * reduction, : width * reduction]
        image = np.asarray(cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
        # The centre of a small pixel lies between the large ones it stands for.
        shift = np.array(
            [[reduction, 0, (reduction - 1) / 2], [0, reduction, (reduction - 1) / 2], [0, 0, 1]]
        )
        placing = placing @ shift
    return np.asarray(cv2.warpAffine(image, placing, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE), np.uint8)
