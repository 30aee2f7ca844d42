"""Triton backend `onnxruntime` for servers that lack NVIDIA's: runs `model.onnx` with ONNX Runtime on the CPU.

A Python-based backend: Triton loads this file for every model whose configuration says `backend: "onnxruntime"`.
It honours what NVIDIA's backend does with the same configuration: file name, thread count, batches.
"""

import json
import os
from pathlib import Path

import numpy as np
import onnxruntime
import triton_python_backend_utils as pb_utils

THREADS_VARIABLE = "DERMABOOTH_TRITON_THREADS"

YIELDING = 10
"""Niceness of a model of least priority; each model is a process of its own."""


class TritonPythonModel:
    @staticmethod
    def auto_complete_config(auto_complete_model_config):
        return auto_complete_model_config

    def initialize(self, args):
        config = json.loads(args["model_config"])
        if config.get("optimization", {}).get("priority") == "PRIORITY_MIN":
            os.nice(YIELDING)
        folder = Path(args["model_repository"]) / args["model_version"]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = _threads(config)
        options.inter_op_num_threads = 1
        # Threads that spin between runs would take the cores from the other models.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(
            str(folder / (config.get("default_model_filename") or "model.onnx")),
            options,
            providers=["CPUExecutionProvider"],
        )
        self._inputs = [each["name"] for each in config["input"]]
        self._batched = config.get("max_batch_size", 0) > 0

    def execute(self, requests):
        """Run all requests as one batch; Triton joins only requests of equal shape."""
        try:
            return self._batch(requests) if self._batched else [self._batch([each])[0] for each in requests]
        except Exception as error:  # noqa: BLE001 - a bad request must not end the model
            refusal = pb_utils.TritonError(str(error), pb_utils.TritonError.INVALID_ARG)
            return [pb_utils.InferenceResponse(error=refusal) for _ in requests]

    def _batch(self, requests):
        wanted = sorted({name for each in requests for name in each.requested_output_names()})
        feeds, counts = {}, []
        for name in self._inputs:
            parts = [pb_utils.get_input_tensor_by_name(each, name).as_numpy() for each in requests]
            counts = [len(part) for part in parts]
            feeds[name] = parts[0] if len(parts) == 1 else np.concatenate(parts)
        arrays = dict(zip(wanted, self._session.run(wanted, feeds), strict=True))
        if len(requests) == 1:
            return [_response(requests[0], arrays)]
        ends = np.cumsum(counts)
        return [
            _response(request, {name: array[end - count : end] for name, array in arrays.items()})
            for request, count, end in zip(requests, counts, ends, strict=True)
        ]


def _response(request, arrays):
    names = request.requested_output_names()
    return pb_utils.InferenceResponse([pb_utils.Tensor(name, arrays[name]) for name in names])


def _threads(config):
    told = os.environ.get(THREADS_VARIABLE)
    if told is None:
        told = config.get("parameters", {}).get("intra_op_thread_count", {}).get("string_value", "1")
    return int(told)
