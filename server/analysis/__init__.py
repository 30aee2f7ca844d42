"""From maps to results: the face and its regions, measures with units, findings."""

from server.analysis.colour import NO_CALIBRATION, NO_WHITE
from server.analysis.faces import find_face, find_faces
from server.analysis.findings import Finding, find_lesions
from server.analysis.gloss import measure_gloss
from server.analysis.layers import LayerMap
from server.analysis.measures import measure_skin
from server.analysis.regions import SkinView, face_regions, skin_view

__all__ = [
    "NO_CALIBRATION",
    "NO_WHITE",
    "Finding",
    "LayerMap",
    "SkinView",
    "face_regions",
    "find_face",
    "find_faces",
    "find_lesions",
    "measure_gloss",
    "measure_skin",
    "skin_view",
]
