"""Makes the models that Triton serves. Needs the `train` extra."""

from training.export import GRAPHS, export

__all__ = ["GRAPHS", "export"]
