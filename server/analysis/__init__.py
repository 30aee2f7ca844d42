"""From maps to results: the face and its regions, measures with units, findings."""

from server.analysis.colour import NO_CALIBRATION, NO_WHITE, no_scale
from server.analysis.faces import find_face, find_faces
from server.analysis.findings import Finding, drowned, find_lesions
from server.analysis.geometry import estimated_px_per_mm, face_of, in_box, normalising
from server.analysis.gloss import measure_gloss
from server.analysis.layers import LayerMap
from server.analysis.marks import Marks, measure_marks, regions_on
from server.analysis.measures import measure_skin
from server.analysis.regions import WHOLE_FACE, SkinView, face_regions, skin_view
from server.analysis.texture import measure_texture

__all__ = [
    "NO_CALIBRATION",
    "NO_WHITE",
    "WHOLE_FACE",
    "Finding",
    "LayerMap",
    "Marks",
    "SkinView",
    "drowned",
    "estimated_px_per_mm",
    "face_of",
    "face_regions",
    "find_face",
    "find_faces",
    "find_lesions",
    "in_box",
    "measure_gloss",
    "measure_marks",
    "measure_skin",
    "measure_texture",
    "no_scale",
    "normalising",
    "regions_on",
    "skin_view",
]
