"""From a trained network to the file that Triton serves."""

from training.export.equality import Differences, ExportMismatch
from training.export.onnx import Exported, export

__all__ = ["Differences", "ExportMismatch", "Exported", "export"]
