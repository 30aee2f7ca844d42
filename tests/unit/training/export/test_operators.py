"""Every shipped model keeps to the operators that TensorRT has; those that become engines, to its types too."""

from pathlib import Path

import onnx
import pytest

from training.export.engines import has_fixed_sizes
from training.export.operators import SUPPORTED, obstacles, unsupported_operators

pytestmark = pytest.mark.unit

REPOSITORY = Path(__file__).resolve().parents[4] / "triton_models"
FILES = sorted(REPOSITORY.glob("*/*/model.onnx"))
TEXT = """
<ir_version: 9, opset_import: ["" : 18, "custom" : 1]>
graph (float[N,4] x) => (float[N,4] y) {{ {body} }}
"""


@pytest.mark.parametrize("path", FILES, ids=[path.parts[-3] for path in FILES])
def test_shipped_models_use_operators_of_the_list(path: Path) -> None:
    model = onnx.load(path)
    assert unsupported_operators(model) == []
    if has_fixed_sizes(model):
        assert obstacles(model) == []


def test_there_are_models() -> None:
    assert len(FILES) >= 5


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("y = Det (x)", "TensorRT has no operator Det"),
        ("y = custom.Magic (x)", "TensorRT has no operator custom.Magic"),
        ("d = Cast <to = 11> (x) y = Cast <to = 1> (d)", "DOUBLE"),
        ("b = Cast <to = 2> (x) y = Cast <to = 1> (b)", "Cast gives bytes"),
    ],
)
def test_what_tensorrt_lacks_is_named(body: str, reason: str) -> None:
    model = onnx.parser.parse_model(TEXT.format(body=body))
    assert any(reason in each for each in obstacles(model))


def test_resize_is_read_to_its_attributes() -> None:
    body = """
        s = Constant <value_floats = [1.0, 2.0]> ()
        y = Resize <mode = "cubic", antialias = 1> (x, , s)
    """
    found = obstacles(onnx.parser.parse_model(TEXT.format(body=body)))
    assert "TensorRT has no Resize with mode cubic" in found
    assert "TensorRT has no Resize with antialiasing" in found


def test_the_list_holds_operators_that_onnx_has() -> None:
    known = {schema.name for schema in onnx.defs.get_all_schemas()}
    assert SUPPORTED - known <= {"Scatter", "Upsample"}
