"""`dermabooth models export` and `build-tensorrt`: what they write, and what they say where they cannot."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from dermabooth.commands.models import app

pytestmark = pytest.mark.unit

SHIPPED = Path(__file__).resolve().parents[3] / "triton_models"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def test_a_training_free_model_is_made_again(tmp_path: Path) -> None:
    done = run("export", "chromophores", "--out", str(tmp_path))
    assert done.exit_code == 0
    path = Path("chromophores") / "1" / "model.onnx"
    assert done.stdout.strip() == f"wrote {tmp_path / path}"
    assert (tmp_path / path).read_bytes() == (SHIPPED / path).read_bytes()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nothing",), "nothing: cannot be trained; one of "),
        (("skin_items",), ".cache/dermabooth/training/skin_items/checkpoint.pt: no such checkpoint"),
        (("skin_items", "acne_severity"), "one trained model at a time"),
        (("chromophores", "--checkpoint", "x.pt"), "one trained model at a time"),
    ],
)
def test_what_cannot_be_exported(
    arguments: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("export", *arguments, "--out", str(tmp_path))
    assert done.exit_code == 1
    assert said in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_checkpoint_of_something_else(tmp_path: Path) -> None:
    (tmp_path / "checkpoint.pt").write_bytes(b"nothing of the kind")
    done = run(
        "export", "skin_items", "--checkpoint", str(tmp_path / "checkpoint.pt"), "--out", str(tmp_path)
    )
    assert done.exit_code == 1
    assert done.stderr.startswith("dermabooth: ")
    assert "checkpoint.pt" in done.stderr


def test_without_tensorrt_it_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DERMABOOTH_TRTEXEC", str(tmp_path / "trtexec"))
    done = run("build-tensorrt", "--out", str(tmp_path / "gpu"))
    assert done.exit_code == 1
    assert done.stderr.startswith("dermabooth: no TensorRT here")
    assert "compose.gpu.yaml" in done.stderr
    assert not (tmp_path / "gpu").exists()


def test_the_alternative_profile_needs_none(tmp_path: Path) -> None:
    done = run("build-tensorrt", "--profile", "accelerated", "--out", str(tmp_path / "gpu"))
    assert done.exit_code == 0
    assert "face_layers: onnxruntime, CUDA" in done.stdout
    made = sorted(path.parent.name for path in (tmp_path / "gpu").glob("*/config.pbtxt"))
    assert made == sorted(path.parent.name for path in SHIPPED.glob("*/config.pbtxt"))
    assert "KIND_GPU" in (tmp_path / "gpu" / "face_layers" / "config.pbtxt").read_text()
