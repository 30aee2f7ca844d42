"""What `result.json` says of one photograph."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import msgspec
import numpy as np

from server.analysis import Finding, LayerMap, face_regions
from server.dicom import NO_CLINICAL_VALIDATION, REFERENCE_WEIGHTS
from server.inference import ModelInfo
from server.pipeline import Examination
from station.protocol import Box, Face, FrameHeader, QualityReport


@dataclass(frozen=True)
class Found:
    """What was found in one photograph."""

    header: FrameHeader
    face: Face | None
    quality: QualityReport
    regions: Sequence[dict[str, Any]]
    """As `regions_of` tells them."""
    examination: Examination
    skin_by: str
    """Whose skin it is, model and version."""


def result(path: Path, found: Found, models: Sequence[ModelInfo]) -> dict[str, Any]:
    """The content of `result.json` for the photograph at `path`; sizes in px."""
    return {
        "image": str(path),
        "width": found.header.width,
        "height": found.header.height,
        "faces": [] if found.face is None else [_face(found.face)],
        "skin_by": found.skin_by,
        "message": "" if found.face is not None else "no face was found: only the quality was examined",
        "quality": msgspec.to_builtins(found.quality),
        "regions": found.regions,
        "measures": [msgspec.to_builtins(measure) for measure in found.examination.measures],
        "findings": [_finding(finding) for finding in found.examination.findings],
        "models": [
            {"name": model.name, "version": model.version, "sha256": model.sha256} for model in models
        ],
        "notice": f"{NO_CLINICAL_VALIDATION} {REFERENCE_WEIGHTS}",
    }


def regions_of(face: Face | None, skin: LayerMap) -> list[dict[str, Any]]:
    """Name, box and number of pixels of each region of the face; none without a face."""
    if face is None:
        return []
    found = face_regions(face, skin.pixels, skin.pixels.shape)
    return [{"name": name, **_extent(mask)} for name, mask in found.items()]


def _face(face: Face) -> dict[str, Any]:
    found: dict[str, Any] = {"box": _box(face.box), "source": face.source}
    if face.landmarks:
        found["landmarks"] = [msgspec.structs.asdict(each) for each in face.landmarks]
    if face.pose is not None:
        found["pose"] = msgspec.to_builtins(face.pose)
    return found


def _box(box: Box) -> dict[str, int]:
    return {"x": box.x, "y": box.y, "width": box.width, "height": box.height}


def _extent(mask: np.ndarray[Any, Any]) -> dict[str, Any]:
    x, y, width, height = cv2.boundingRect(mask.view(np.uint8))
    return {"box": _box(Box(x, y, width, height)), "pixels": int(np.count_nonzero(mask))}


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "label": finding.label,
        "region": finding.region,
        "tracking_id": finding.tracking_id,
        "measures": [msgspec.to_builtins(measure) for measure in finding.measures],
    }
