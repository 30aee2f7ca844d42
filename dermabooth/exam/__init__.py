"""The exam on real pictures, by the very code that the server runs, with the models in this process."""

from pathlib import Path

from dermabooth.exam.behaviour import followed, invented, repeated, skin_crops
from dermabooth.exam.local import LocalModels
from dermabooth.exam.portraits import Portrait, real_portraits, segmentation
from server.errors import ModelUnavailable

__all__ = ["LocalModels", "Portrait", "on_real_pictures", "real_portraits", "segmentation"]


async def on_real_pictures(repository: Path, folder: Path) -> tuple[dict[str, float], list[str]]:
    """Aggregates over the portraits of a folder by name, and why parts were left out.

    FileNotFoundError without the folder, ValueError where it holds no portrait with its mask.
    """
    portraits, client = real_portraits(folder), LocalModels(repository).as_client()
    crops = [crop for each in portraits for crop in skin_crops(each)]
    parts = (
        segmentation(client, portraits),
        invented(client, crops),
        followed(client, crops),
        repeated(client, portraits),
    )
    told: dict[str, float] = {}
    skipped = []
    for part in parts:
        try:
            told |= await part
        except ModelUnavailable as error:
            skipped.append(f"left out: {error}")
    return told, skipped
