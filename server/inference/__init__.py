"""Inference: the client of Triton, what its models take and give, and a Triton of our own."""

from server.inference.address import triton_address
from server.inference.client import ModelStatistics, Priority, TritonClient
from server.inference.contract import contract_problems
from server.inference.crop import FaceCrop
from server.inference.faces import (
    Acne,
    Conditions,
    Severity,
    classify_acne,
    find_conditions,
    grade_face,
    grade_severity,
)
from server.inference.fluorescence import FluorescenceMaps, fluorescence
from server.inference.installation import TritonNotInstalled
from server.inference.items import ItemMaps, skin_items
from server.inference.layers import (
    FaceLayers,
    LiveLayers,
    chromophores,
    face_layers,
    live_layers,
)
from server.inference.learned import (
    ACNE,
    CONDITIONS,
    CONDITIONS_MODEL,
    FLUORESCENCE,
    ITEMS,
    ITEMS_MODEL,
    LEARNED,
    SEGMENTER,
    SEVERITY,
    SEVERITY_FAST,
    SEVERITY_MODELS,
)
from server.inference.managed import ManagedTriton
from server.inference.models import SCALES, SKIN_FROM, ModelInfo, Scale, model_info, model_infos
from server.inference.segmenter import SegmentedFace, segment_face
from server.inference.tiles import Tiling

__all__ = [
    "ACNE",
    "CONDITIONS",
    "CONDITIONS_MODEL",
    "FLUORESCENCE",
    "ITEMS",
    "ITEMS_MODEL",
    "LEARNED",
    "SCALES",
    "SEGMENTER",
    "SEVERITY",
    "SEVERITY_FAST",
    "SEVERITY_MODELS",
    "SKIN_FROM",
    "Acne",
    "Conditions",
    "FaceCrop",
    "FaceLayers",
    "FluorescenceMaps",
    "ItemMaps",
    "LiveLayers",
    "ManagedTriton",
    "ModelInfo",
    "ModelStatistics",
    "Priority",
    "Scale",
    "SegmentedFace",
    "Severity",
    "Tiling",
    "TritonClient",
    "TritonNotInstalled",
    "chromophores",
    "classify_acne",
    "contract_problems",
    "face_layers",
    "find_conditions",
    "fluorescence",
    "grade_face",
    "grade_severity",
    "live_layers",
    "model_info",
    "model_infos",
    "segment_face",
    "skin_items",
    "triton_address",
]
