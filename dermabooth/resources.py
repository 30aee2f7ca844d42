"""Where the data folders are: beside the packages in a checkout, inside this package in a wheel."""

from pathlib import Path

_PACKAGE = Path(__file__).parent
_CHECKOUT = _PACKAGE.parent


def configs() -> Path:
    """Shipped configuration files."""
    return _folder("configs", "configs")


def triton_models() -> Path:
    """The Triton model repository."""
    return _folder("triton_models", "triton_models")


def face_model() -> Path:
    """The ONNX file by which a booth finds faces: the newest version of `skin_segmenter`."""
    versions = [one for one in (triton_models() / "skin_segmenter").iterdir() if one.name.isdigit()]
    return max(versions, key=lambda one: int(one.name)) / "model.onnx"


def web() -> Path:
    """The built pages."""
    return _folder("web/dist", "web")


def triton_environment() -> Path:
    """Where `make setup` puts the managed Triton's environment; for a wheel, in the working directory."""
    return (Path.cwd() if (_PACKAGE / "data").is_dir() else _CHECKOUT) / ".venv-triton"


def _folder(in_checkout: str, in_wheel: str) -> Path:
    packed = _PACKAGE / "data" / in_wheel
    return packed if packed.is_dir() else _CHECKOUT / in_checkout
