"""Inference: the client of Triton, what its models take and give, and a Triton of our own."""

from server.inference.address import triton_address
from server.inference.client import ModelStatistics, Priority, TritonClient
from server.inference.contract import contract_problems
from server.inference.crop import FaceCrop
from server.inference.installation import TritonNotInstalled
from server.inference.layers import (
    FaceLayers,
    LiveLayers,
    StillLayers,
    chromophores,
    face_layers,
    live_layers,
    still_layers,
)
from server.inference.managed import ManagedTriton
from server.inference.models import SCALES, SKIN_FROM, ModelInfo, Scale, model_info, model_infos

__all__ = [
    "SCALES",
    "SKIN_FROM",
    "FaceCrop",
    "FaceLayers",
    "LiveLayers",
    "ManagedTriton",
    "ModelInfo",
    "ModelStatistics",
    "Priority",
    "Scale",
    "StillLayers",
    "TritonClient",
    "TritonNotInstalled",
    "chromophores",
    "contract_problems",
    "face_layers",
    "live_layers",
    "model_info",
    "model_infos",
    "still_layers",
    "triton_address",
]
