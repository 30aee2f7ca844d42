"""The models that nothing is trained for, written as ONNX graphs."""

from training.graphs.repository import GRAPHS, write

__all__ = ["GRAPHS", "write"]
