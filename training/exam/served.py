"""The exported model as it is shipped: the ONNX file of a model repository, run in this process on one thread."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]


class Model(Protocol):
    """Something that answers as a served model does."""

    @property
    def metadata(self) -> Mapping[str, str]:
        """What the file says about itself."""
        ...

    def __call__(self, **inputs: NDArray[Any]) -> Arrays:
        """Output tensors by name; the first axis of every tensor is the batch."""
        ...


class ServedModel:
    """A model file. `ModuleNotFoundError` without onnxruntime, `FileNotFoundError` without the file."""

    def __init__(self, path: Path) -> None:
        import onnxruntime

        if not path.is_file():
            raise FileNotFoundError(2, "no model file; train and export it first", str(path))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self._outputs = [each.name for each in self._session.get_outputs()]
        self.path = path
        self.metadata: Mapping[str, str] = dict(self._session.get_modelmeta().custom_metadata_map)

    @classmethod
    def of(cls, repository: Path, name: str, version: int = 1) -> ServedModel:
        """The model of that name in a Triton model repository."""
        return cls(repository / name / str(version) / "model.onnx")

    @property
    def sha256(self) -> str:
        """Hash of the file."""
        return hashlib.sha256(self.path.read_bytes()).hexdigest()

    def __call__(self, **inputs: NDArray[Any]) -> Arrays:
        """Output tensors by name."""
        answers = self._session.run(None, inputs)
        return {name: np.asarray(each) for name, each in zip(self._outputs, answers, strict=True)}
