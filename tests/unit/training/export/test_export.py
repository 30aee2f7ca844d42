"""What is served is what was trained: the file against PyTorch, its size, its bytes, its names."""

from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto

from tests.fixtures.small_recipes import small_recipes, trained_looking
from training.export import Exported, ExportMismatch, export
from training.export.config import write_config
from training.export.constants import settled
from training.export.edges import edged
from training.export.equality import GRAPH, compared
from training.export.fusion import fused
from training.export.operators import obstacles
from training.export.precision import halved, restored
from training.export.tidy import tidied
from training.export.trace import example, traced

pytestmark = pytest.mark.unit

RECIPES = {each.name: each for each in small_recipes()}
NETWORKS = {name: trained_looking(each) for name, each in RECIPES.items()}


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Exported]:
    """Every recipe's file."""
    folder = tmp_path_factory.mktemp("exported")
    return {name: export(each, NETWORKS[name], folder)[0] for name, each in RECIPES.items()}


def graph_of(name: str) -> onnx.ModelProto:
    served = RECIPES[name].served(NETWORKS[name])
    return tidied(edged(settled(fused(traced(served)))), served, name, "")


@pytest.mark.parametrize("name", RECIPES)
def test_the_file_computes_what_the_network_computes(name: str, exported: dict[str, Exported]) -> None:
    done = exported[name]
    assert done.path.parts[-3:] == (name, "1", "model.onnx")
    assert done.size == done.path.stat().st_size
    assert done.obstacles == ()
    assert all(each.share <= GRAPH.share for each in done.graph.values())
    served = RECIPES[name].served(NETWORKS[name])
    session = onnxruntime.InferenceSession(done.path, providers=["CPUExecutionProvider"])
    names = [spec.name for spec in served.outputs]
    for batch in (1, 3):
        (image,) = example(served.inputs, batch, seed=7)
        found = session.run(names, {"image": image.numpy()})
        with torch.no_grad():
            expected = served.module(image)
        for spec, a, b in zip(served.outputs, found, expected, strict=True):
            assert a.shape == (batch, *spec.shape)
            assert a.dtype == spec.dtype
            away = np.abs(a.astype(float) - b.numpy().astype(float))
            limit = 2 if spec.dtype == np.uint8 else 0.02 * max(1.0, float(b.abs().max()))
            assert np.mean(away > limit) < 0.02


@pytest.mark.parametrize("name", RECIPES)
def test_weights_take_two_bytes(name: str, exported: dict[str, Exported]) -> None:
    model = onnx.load(exported[name].path)
    sizes: Counter[int] = Counter()
    for tensor in model.graph.initializer:
        sizes[tensor.data_type] += int(np.prod(tensor.dims))
    weights = sum(each.numel() for each in NETWORKS[name].parameters() if each.ndim > 1)
    assert 0.7 * weights < sizes[TensorProto.FLOAT16] <= weights
    assert exported[name].size < 2 * weights + 100_000


def test_the_same_network_gives_the_same_bytes(exported: dict[str, Exported], tmp_path: Path) -> None:
    name = "acne_severity"
    (again,) = export(RECIPES[name], trained_looking(RECIPES[name]), tmp_path)
    assert again.path.read_bytes() == exported[name].path.read_bytes()


def test_the_file_says_what_it_is_and_nothing_of_where_it_was_made(exported: dict[str, Exported]) -> None:
    done = exported["skin_items"]
    model = onnx.load(done.path)
    assert {each.key: each.value for each in model.metadata_props} == {"weights": "random", "width": "0.125"}
    assert model.producer_name == "dermabooth"
    assert not any(node.name or node.doc_string or node.metadata_props for node in model.graph.node)
    assert str(Path.cwd()).encode() not in done.path.read_bytes()
    axes = [axis.dim_param or axis.dim_value for axis in model.graph.input[0].type.tensor_type.shape.dim]
    assert axes == ["batch", 64, 64, 6]


@pytest.mark.parametrize("name", RECIPES)
def test_batch_norms_are_folded(name: str) -> None:
    left = Counter(node.op_type for node in graph_of(name).graph.node)["BatchNormalization"]
    # What several layers read is normalised for each of them: the first of a dense layer's two cannot be folded.
    assert left == (8 + 3 + 1 if name == "acne_classifier" else 0)


def test_sampling_grids_are_not_stored_as_pictures(exported: dict[str, Exported]) -> None:
    assert exported["acne_severity"].size - exported["acne_severity_fast"].size < 16_384


def test_halved_and_restored() -> None:
    whole = graph_of("skin_items")
    half = halved(whole)
    back = restored(half)
    assert not any(each.data_type == TensorProto.FLOAT16 for each in back.graph.initializer)
    assert len(back.graph.node) == len(whole.graph.node)
    (image,) = example(RECIPES["skin_items"].served(NETWORKS["skin_items"]).inputs, 1)
    a, b = (
        onnxruntime.InferenceSession(each.SerializeToString(), providers=["CPUExecutionProvider"]).run(
            None, {"image": image.numpy()}
        )
        for each in (half, back)
    )
    assert all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def test_another_network_is_a_mismatch() -> None:
    name = "acne_severity_fast"
    torch.manual_seed(1)
    other = RECIPES[name].served(RECIPES[name].network(0.125).eval())
    with pytest.raises(ExportMismatch, match="differ"):
        compared(graph_of(name), other, [example(other.inputs, 1)], GRAPH)


def test_a_weight_beyond_fp16_is_refused_and_the_former_file_stays(tmp_path: Path) -> None:
    recipe = RECIPES["skin_items"]
    path = tmp_path / "skin_items" / "1" / "model.onnx"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"former")
    network = trained_looking(recipe)
    with torch.no_grad():
        network.get_submodule("bottleneck.0.0").get_parameter("weight")[0, 0] = 1e6
    with pytest.raises(ValueError, match="65504"):
        export(recipe, network, tmp_path)
    assert path.read_bytes() == b"former"
    assert [each.name for each in path.parent.iterdir()] == ["model.onnx"]


def test_a_configuration_is_written_once(tmp_path: Path) -> None:
    served = RECIPES["acne_severity"].served(NETWORKS["acne_severity"])
    path = write_config("acne_severity", served, tmp_path)
    assert 'backend: "onnxruntime"\nmax_batch_size: 4\n' in path.read_text()
    path.write_text("# tuned")
    assert write_config("acne_severity", served, tmp_path).read_text() == "# tuned"


def test_bytes_inside_a_graph_are_an_obstacle() -> None:
    model = graph_of("acne_severity_fast")
    assert obstacles(model) == []
    cast = next(node for node in model.graph.node if node.op_type == "Cast" and node.input[0] == "image")
    inner = onnx.helper.make_node("Transpose", ["image"], ["swapped"], perm=[0, 2, 1, 3])
    cast.input[0] = "swapped"
    model.graph.node.insert(0, inner)
    assert "Transpose takes bytes; TensorRT casts them to floats first" in obstacles(model)


def test_what_moves_bytes_moves_floats() -> None:
    text = """
        <ir_version: 9, opset_import: ["" : 18]>
        graph (float[N,2,4] x) => (uint8[N,1,4] y, uint8[N] z) <int64 first = {0}, int64[1] axis = {1}>
        {
            b = Cast <to = 2> (x)
            one = Gather <axis = 1> (b, first)
            y = Unsqueeze (one, axis)
            index = ArgMax <axis = 1, keepdims = 0> (x)
            zb = Cast <to = 2> (index)
            z = Gather <axis = 1> (zb, first)
        }
    """
    model = onnx.parser.parse_model(text)
    assert obstacles(model)
    made = edged(model)
    assert obstacles(made) == []
    onnx.checker.check_model(made, full_check=True)
    values = np.random.default_rng(0).uniform(0, 255, (3, 2, 4)).astype(np.float32)
    a, b = (
        onnxruntime.InferenceSession(each.SerializeToString(), providers=["CPUExecutionProvider"]).run(
            None, {"x": values}
        )
        for each in (model, made)
    )
    assert all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))
