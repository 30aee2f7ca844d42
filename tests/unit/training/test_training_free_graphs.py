"""The model files in the repository are what the code makes."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest

from server.inference import SCALES, SKIN_FROM
from training.graphs import GRAPHS, write
from training.graphs.chromophores import HAEMOGLOBIN, MELANIN, unmixing

pytestmark = pytest.mark.unit

REPOSITORY = Path(__file__).resolve().parents[3] / "triton_models"


@pytest.mark.parametrize("name", GRAPHS)
def test_the_committed_file_is_what_the_code_makes(name: str, tmp_path: Path) -> None:
    made = write(name, tmp_path).read_bytes()
    assert made == (REPOSITORY / name / "1" / "model.onnx").read_bytes()
    assert made == write(name, tmp_path / "again").read_bytes()


@pytest.mark.parametrize("name", [each for each in GRAPHS if each != "fluorescence"])
def test_the_file_carries_the_scales_that_readers_use(name: str) -> None:
    model = onnx.load(REPOSITORY / name / "1" / "model.onnx")
    properties = {each.key: each.value for each in model.metadata_props}
    assert properties["training"] == "none"
    for layer, scale in json.loads(properties["scale"]).items():
        assert (scale["per_unit"], scale["zero"]) == (SCALES[layer].per_unit, SCALES[layer].zero)
    assert int(properties.get("skin_from", SKIN_FROM)) == SKIN_FROM


@pytest.mark.parametrize("name", GRAPHS)
def test_batch_height_and_width_are_free(name: str) -> None:
    model = onnx.load(REPOSITORY / name / "1" / "model.onnx")
    image = next(each for each in model.graph.input if each.name == "image")
    assert [axis.dim_param for axis in image.type.tensor_type.shape.dim[:3]] == ["batch", "height", "width"]


def test_each_pigment_is_unmixed_from_the_other_and_from_shading() -> None:
    melanin, haemoglobin = (np.array(each) / np.linalg.norm(each) for each in (MELANIN, HAEMOGLOBIN))
    density = 2 * melanin + 0.5 * haemoglobin + 3.0
    assert unmixing() @ density == pytest.approx([2.0, 0.5])
