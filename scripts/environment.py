"""Makes a Python environment from a hashed requirement file: `environment.py FOLDER REQUIREMENTS [--project | --training]`.

`--project` also installs this checkout in place. `--training` says what to do where there is no wheel of PyTorch. Needs nothing but Python with venv.
"""

import subprocess
import sys
import venv
from pathlib import Path

NEEDED = (3, 11)
NO_TORCH = """
PyTorch's CPU build for this Python and system is not among the wheels that {folder} may take.
Install it into {folder} as PyTorch's own site says for "CPU", then: touch {folder}/.train
(Linux with Python 3.11: hand pip the folder of PyTorch's CPU wheel with PIP_FIND_LINKS.)
"""


def main() -> None:
    """Make or renew the environment."""
    folder, requirements = Path(sys.argv[1]), sys.argv[2]
    if sys.version_info[:2] < NEEDED:
        sys.exit(f"Python {NEEDED[0]}.{NEEDED[1]} or later is needed: make PYTHON=python3.12 setup")
    if not (folder / "bin" / "python").exists():
        venv.create(folder, with_pip=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check"]
    installed = subprocess.run([*pip, "--require-hashes", "-r", requirements], check=False)
    if installed.returncode:
        sys.exit(NO_TORCH.format(folder=folder) if "--training" in sys.argv else installed.returncode)
    if "--project" in sys.argv:
        # The project's file list names the pages, which are built later, with this environment's Node.
        Path("web/dist").mkdir(parents=True, exist_ok=True)
        subprocess.run([*pip, "--no-deps", "--no-build-isolation", "-e", "."], check=True)


if __name__ == "__main__":
    main()
