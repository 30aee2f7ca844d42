"""The GPU repository: the call of trtexec, the configurations, and what is said where TensorRT is not."""

import json
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
from google.protobuf import text_format  # type: ignore[import-untyped]
from tritonclient.grpc.model_config_pb2 import ModelConfig, ModelInstanceGroup

from tests.fixtures.small_recipes import small_recipes, trained_looking
from training.export import export
from training.export.engines import (
    TRTEXEC,
    BatchRange,
    Builder,
    EngineFailed,
    TensorRtMissing,
    build,
    command,
    find_builder,
)
from training.export.tensorrt import make_gpu_repository

pytestmark = pytest.mark.unit

SHIPPED = Path(__file__).resolve().parents[4] / "triton_models"
RECIPES = {each.name: each for each in small_recipes()}
TRTEXEC_TEXT = """#!{python}
import json, os, sys
given = dict(each[2:].partition("=")[::2] for each in sys.argv[1:])
with open(os.environ["CALLS"], "a") as file:
    file.write(json.dumps(given) + "\\n")
if os.environ.get("FAILS"):
    print("[E] Error Code 4: no implementation for node")
    sys.exit(1)
with open(given["saveEngine"], "wb") as file:
    file.write(b"plan of " + str(os.path.getsize(given["onnx"])).encode())
"""
SMI_TEXT = '#!/bin/sh\necho "${CAPABILITY:-8.6}"\n'


def program(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[dict[str, str]]]:
    """A trtexec that writes what it was called with, and an nvidia-smi, on the path; gives the calls."""
    calls = tmp_path / "calls"
    program(tmp_path / "bin" / "trtexec", TRTEXEC_TEXT.format(python=sys.executable))
    program(tmp_path / "bin" / "nvidia-smi", SMI_TEXT)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("CALLS", str(calls))
    monkeypatch.delenv(TRTEXEC, raising=False)
    return lambda: [json.loads(line) for line in calls.read_text().splitlines()] if calls.exists() else []


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two trained models of fixed size beside one of free size and an ensemble."""
    folder = tmp_path_factory.mktemp("repository")
    for name in ("acne_severity", "skin_items"):
        export(RECIPES[name], trained_looking(RECIPES[name]), folder)
    for path in (*(SHIPPED / "face_layers").rglob("*"), *(SHIPPED / "live").rglob("*")):
        if path.is_file():
            target = folder / path.relative_to(SHIPPED)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    return folder


def config(path: Path) -> ModelConfig:
    return text_format.Parse((path / "config.pbtxt").read_text(), ModelConfig())


def silent(_: str) -> None:
    return


def test_engines_and_their_configurations(
    repository: Path, tmp_path: Path, tools: Callable[[], list[dict[str, str]]]
) -> None:
    out, told = tmp_path / "gpu", list[str]()
    placed = {
        each.name: each.runs_as for each in make_gpu_repository(repository, out, [], "plan", told.append)
    }
    assert placed == {
        "acne_severity": "tensorrt_plan",
        "face_layers": "onnxruntime, CUDA",
        "skin_items": "tensorrt_plan",
    }
    assert [line.split(":")[0] for line in told] == ["acne_severity", "skin_items"]
    calls = tools()
    assert calls[0]["minShapes"] == "image:1x64x64x3"
    assert calls[0]["optShapes"] == calls[0]["maxShapes"] == "image:4x64x64x3"
    assert calls[1]["maxShapes"] == "image:8x64x64x6"
    assert all({"fp16", "skipInference"} <= each.keys() for each in calls)
    made = config(out / "skin_items")
    assert made.platform == "tensorrt_plan"
    assert not made.backend
    assert made.default_model_filename == "model.sm86.plan"
    assert dict(made.cc_model_filenames) == {"8.6": "model.sm86.plan"}
    assert [group.kind for group in made.instance_group] == [ModelInstanceGroup.KIND_GPU]
    assert made.max_batch_size == 8
    assert (out / "skin_items" / "1" / "model.sm86.plan").read_bytes().startswith(b"plan of ")


def test_names_and_tensors_stay(
    repository: Path, tmp_path: Path, tools: Callable[[], list[dict[str, str]]]
) -> None:
    out = tmp_path / "gpu"
    make_gpu_repository(repository, out, [], "plan", silent)
    for name in ("acne_severity", "skin_items", "face_layers"):
        before, after = config(repository / name), config(out / name)
        assert (after.name, list(after.input), list(after.output)) == (
            name,
            list(before.input),
            list(before.output),
        )
        file = Path(name) / "1" / "model.onnx"
        assert (out / file).read_bytes() == (repository / file).read_bytes()
    assert (out / "live" / "config.pbtxt").read_bytes() == (repository / "live" / "config.pbtxt").read_bytes()


def test_an_engine_for_each_gpu(
    repository: Path,
    tmp_path: Path,
    tools: Callable[[], list[dict[str, str]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = tmp_path / "gpu"
    make_gpu_repository(repository, out, ["skin_items"], "plan", silent)
    monkeypatch.setenv("CAPABILITY", "9.0")
    make_gpu_repository(repository, out, ["skin_items"], "plan", silent)
    made = config(out / "skin_items")
    assert dict(made.cc_model_filenames) == {"8.6": "model.sm86.plan", "9.0": "model.sm90.plan"}
    assert made.default_model_filename == "model.sm90.plan"
    assert sorted(path.name for path in (out / "skin_items" / "1").iterdir()) == [
        "model.onnx",
        "model.sm86.plan",
        "model.sm90.plan",
    ]
    assert config(out / "acne_severity").backend == "onnxruntime"


def test_the_alternative_needs_no_tensorrt_here(repository: Path, tmp_path: Path) -> None:
    out = tmp_path / "gpu"
    placed = make_gpu_repository(repository, out, ["skin_items"], "accelerated", silent)
    assert {each.name: each.runs_as for each in placed}["skin_items"] == "onnxruntime, TensorRT accelerator"
    made = config(out / "skin_items")
    assert made.backend == "onnxruntime"
    (accelerator,) = made.optimization.execution_accelerators.gpu_execution_accelerator
    assert accelerator.name == "tensorrt"
    assert accelerator.parameters["precision_mode"] == "FP16"
    assert accelerator.parameters["trt_engine_cache_enable"] == "true"
    assert accelerator.parameters["trt_profile_max_shapes"] == "image:8x64x64x6"
    assert not config(out / "face_layers").optimization.execution_accelerators.gpu_execution_accelerator


def test_without_trtexec_it_says_what_to_do(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TRTEXEC, str(tmp_path / "trtexec"))
    with pytest.raises(TensorRtMissing, match=r"no TensorRT here.*compose\.gpu\.yaml"):
        make_gpu_repository(repository, tmp_path / "gpu", [], "plan", silent)
    assert not (tmp_path / "gpu").exists()


def test_without_a_gpu_it_says_so(
    tmp_path: Path, tools: Callable[[], list[dict[str, str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "bin" / "nvidia-smi", "#!/bin/sh\nexit 9\n")
    with pytest.raises(TensorRtMissing, match="no NVIDIA GPU here"):
        find_builder()


def test_trtexecs_last_words_are_passed_on(
    repository: Path,
    tmp_path: Path,
    tools: Callable[[], list[dict[str, str]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FAILS", "1")
    with pytest.raises(EngineFailed, match="no implementation for node"):
        make_gpu_repository(repository, tmp_path / "gpu", ["skin_items"], "plan", silent)
    assert not list((tmp_path / "gpu").rglob("*.plan"))


def test_a_graph_that_cannot_become_an_engine_is_refused(tmp_path: Path) -> None:
    model = onnx.load(SHIPPED / "chromophores" / "1" / "model.onnx")
    builder = Builder(Path("/bin/false"), "8.6")
    with pytest.raises(EngineFailed, match="takes bytes"):
        build(builder, model, tmp_path / "model.plan", BatchRange(1, 1, 1))


def test_a_model_that_is_not_there(repository: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="has no model nothing"):
        make_gpu_repository(repository, tmp_path, ["nothing"], "accelerated", silent)


def test_the_call() -> None:
    text = (
        '<ir_version: 9, opset_import: ["" : 18]> g (uint8[N,8,8,3] image, float[N,4] box) => (float[N,4] y)'
    )
    model = onnx.parser.parse_model(text + " { y = Identity (box) }")
    builder = Builder(Path("/opt/trtexec"), "8.6")
    assert command(builder, Path("a.onnx"), Path("b.plan"), model, BatchRange(1, 4, 8)) == [
        "/opt/trtexec",
        "--onnx=a.onnx",
        "--saveEngine=b.plan",
        "--fp16",
        "--minShapes=image:1x8x8x3,box:1x4",
        "--optShapes=image:4x8x8x3,box:4x4",
        "--maxShapes=image:8x8x8x3,box:8x4",
        "--skipInference",
    ]
