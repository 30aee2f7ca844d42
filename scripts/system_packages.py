"""Installs Debian's packages that the tests need: with apt-get where it may, naming them where it may not."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGES = {
    "aravis-tools": "arv-fake-gv-camera-0.8",
    "chromium": "chromium",
    "dcmtk": "dsrdump",
    "dicom3tools": "dciodvfy",
    "gir1.2-aravis-0.8": "/usr/share/doc/gir1.2-aravis-0.8",
    "gir1.2-gst-plugins-bad-1.0": "/usr/share/doc/gir1.2-gst-plugins-bad-1.0",
    "gstreamer1.0-nice": "/usr/share/doc/gstreamer1.0-nice",
    "gstreamer1.0-plugins-bad": "/usr/share/doc/gstreamer1.0-plugins-bad",
    "gstreamer1.0-plugins-good": "/usr/share/doc/gstreamer1.0-plugins-good",
    "ola": "olad",
    "orthanc": "/usr/share/orthanc/plugins",
    "orthanc-dicomweb": "/usr/share/doc/orthanc-dicomweb",
    "postgresql": "/usr/lib/postgresql",
    "python3-gi": "/usr/share/doc/python3-gi",
    "rsyslog-openssl": "/usr/share/doc/rsyslog-openssl",
}
"""Package and the program or folder that shows it is there."""


def main() -> None:
    """Install what is missing."""
    missing = [
        package for package, proof in PACKAGES.items() if not (shutil.which(proof) or Path(proof).is_dir())
    ]
    if not missing:
        return
    command = f"apt-get install -y {' '.join(missing)}"
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        sys.exit(f"The tests need {', '.join(missing)}. Install them first, on Debian: sudo {command}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for step in ("apt-get update", command):
        runner = [sys.executable, "scripts/progress.py", f"System: {missing[0]}…", "--", *step.split()]
        subprocess.run(runner, check=True, env=environment)


if __name__ == "__main__":
    main()
