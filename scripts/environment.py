"""Makes a Python environment from a hashed requirement file: `environment.py FOLDER REQUIREMENTS [--project]`.

`--project` also installs this checkout in place. Needs nothing but Python with venv.
"""

import subprocess
import sys
import venv
from pathlib import Path

NEEDED = (3, 11)


def main() -> None:
    """Make or renew the environment."""
    folder, requirements = Path(sys.argv[1]), sys.argv[2]
    if sys.version_info[:2] < NEEDED:
        sys.exit(f"Python {NEEDED[0]}.{NEEDED[1]} or later is needed: make PYTHON=python3.12 setup")
    if not (folder / "bin" / "python").exists():
        venv.create(folder, with_pip=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check"]
    subprocess.run([*pip, "--require-hashes", "-r", requirements], check=True)
    if "--project" in sys.argv:
        # The project's file list names the pages, which are built later, with this environment's Node.
        Path("web/dist").mkdir(parents=True, exist_ok=True)
        subprocess.run([*pip, "--no-deps", "--no-build-isolation", "-e", "."], check=True)


if __name__ == "__main__":
    main()
