"""Triton configurations for a GPU, made from those for the processor."""

from pathlib import Path

from google.protobuf import text_format  # type: ignore[import-untyped]
from tritonclient.grpc.model_config_pb2 import ModelConfig, ModelInstanceGroup

from training.export.engines import BatchRange, Builder

ENGINE_CACHE = "/var/cache/dermabooth/tensorrt"
"""Where Triton's ONNX backend keeps the engines it builds; a volume in `compose.gpu.yaml`."""

WORKSPACE_BYTES = 1 << 30


def read(path: Path) -> ModelConfig:
    """The configuration of a model; `ValueError` names the file if it is not one."""
    try:
        return text_format.Parse(path.read_text("utf-8"), ModelConfig())
    except (text_format.ParseError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: {error}") from error


def write(config: ModelConfig, path: Path) -> None:
    """The configuration as text, which Triton reads."""
    path.write_text(text_format.MessageToString(config))


def batch_range(config: ModelConfig) -> BatchRange:
    """From one picture to the configuration's largest batch, tuned for the largest one it prefers, else for that."""
    most = max(1, config.max_batch_size)
    preferred = [size for size in config.dynamic_batching.preferred_batch_size if size <= most]
    return BatchRange(1, max(preferred, default=most), most)


def for_engine(config: ModelConfig, builder: Builder) -> ModelConfig:
    """`tensorrt_plan`, with the engine of that GPU beside those of others."""
    made = _on_gpu(config)
    made.ClearField("backend")
    made.platform = "tensorrt_plan"
    made.default_model_filename = builder.file_name
    made.cc_model_filenames[builder.compute_capability] = builder.file_name
    return made


def for_accelerator(config: ModelConfig, sizes: dict[str, list[int]]) -> ModelConfig:
    """The ONNX backend with the TensorRT accelerator: FP16, engines cached; `sizes` are those of inputs without batch."""
    made = _on_gpu(config)
    accelerator = made.optimization.execution_accelerators.gpu_execution_accelerator.add()
    accelerator.name = "tensorrt"
    batches = batch_range(config)
    parameters = {
        "precision_mode": "FP16",
        "max_workspace_size_bytes": str(WORKSPACE_BYTES),
        "trt_engine_cache_enable": "true",
        "trt_engine_cache_path": ENGINE_CACHE,
        "trt_engine_cache_prefix": config.name,
    }
    for word, batch in (("min", batches.least), ("opt", batches.optimal), ("max", batches.most)):
        parameters[f"trt_profile_{word}_shapes"] = ",".join(
            f"{name}:{'x'.join(map(str, (batch, *each)))}" for name, each in sizes.items()
        )
    for key, value in parameters.items():
        accelerator.parameters[key] = value
    return made


def for_cuda(config: ModelConfig) -> ModelConfig:
    """The ONNX backend on the GPU without TensorRT: for graphs whose height and width are free."""
    return _on_gpu(config)


def _on_gpu(config: ModelConfig) -> ModelConfig:
    made = ModelConfig()
    made.CopyFrom(config)
    for group in made.instance_group:
        group.kind = ModelInstanceGroup.KIND_GPU
    made.parameters.pop("intra_op_thread_count", None)
    return made
