"""The `tritonserver` of the nvidia-pytriton wheel: where it is, and the backends it is given."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from server.errors import ConfigError

_BACKEND = Path(__file__).parent / "backend" / "onnxruntime" / "model.py"
_STUB = "triton_python_backend_stub"
_PASSED_ON = (
    "CUDA_VISIBLE_DEVICES",
    "HOME",
    "LANG",
    "LD_LIBRARY_PATH",
    "NVIDIA_VISIBLE_DEVICES",
    "TMPDIR",
    "TZ",
)


class TritonNotInstalled(ConfigError):
    """The environment holds no usable Triton; the text says how to make one."""


@dataclass(frozen=True)
class Installation:
    """A Python environment that holds nvidia-pytriton, ONNX Runtime and NumPy 1."""

    environment: Path
    python: str
    """Its version as in folder names, for example `3.11`."""
    packages: Path
    """Its site-packages."""

    @classmethod
    def find(cls, environment: Path) -> "Installation":
        """Look into `environment`; `TritonNotInstalled` if something is missing."""
        environment = environment.absolute()
        for packages in sorted(environment.glob("lib/python3.*/site-packages")):
            found = cls(environment, packages.parent.name.removeprefix("python"), packages)
            missing = [path for path in found._needed() if not path.exists()]
            if missing:
                break
            return found
        else:
            missing = [environment]
        raise TritonNotInstalled(
            f"no Triton in {environment} ({missing[0].name} is missing): run `make setup`"
        )

    @property
    def server(self) -> Path:
        """The server's program."""
        return self._triton / "bin" / "tritonserver"

    def install_backends(self, folder: Path) -> Path:
        """Copy the Python backend with its stub, and our `onnxruntime`, to a new `folder`."""
        if folder.exists():
            shutil.rmtree(folder)
        shutil.copytree(
            self._triton / "backends" / "python",
            folder / "python",
            ignore=shutil.ignore_patterns("__pycache__"),
        )
        shutil.copy(self._stub, folder / "python" / _STUB)
        (folder / "onnxruntime").mkdir()
        shutil.copy(_BACKEND, folder / "onnxruntime" / "model.py")
        return folder

    def variables(self, threads: int) -> dict[str, str]:
        """The variables the server runs with: its own interpreter and libraries first, threads bounded."""
        passed = _only(os.environ, _PASSED_ON)
        libraries = [str(self.packages / "nvidia_pytriton.libs"), passed.get("LD_LIBRARY_PATH", "")]
        return passed | {
            "PATH": os.pathsep.join([str(self.environment / "bin"), os.environ.get("PATH", os.defpath)]),
            "LD_LIBRARY_PATH": os.pathsep.join(filter(None, libraries)),
            "VIRTUAL_ENV": str(self.environment),
            "PYTHONDONTWRITEBYTECODE": "1",
            "OMP_NUM_THREADS": str(threads),
            "OPENBLAS_NUM_THREADS": "1",
            "DERMABOOTH_TRITON_THREADS": str(threads),
        }

    @property
    def _triton(self) -> Path:
        return self.packages / "pytriton" / "tritonserver"

    @property
    def _stub(self) -> Path:
        return self._triton / "python_backend_stubs" / self.python / _STUB

    def _needed(self) -> tuple[Path, ...]:
        return (self.server, self._triton / "backends" / "python", self._stub, self.packages / "onnxruntime")


def _only(variables: Mapping[str, str], names: tuple[str, ...]) -> dict[str, str]:
    return {name: variables[name] for name in names if name in variables}
