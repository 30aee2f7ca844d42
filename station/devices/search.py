"""What is connected to this machine, as far as it can be asked."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from station.devices import genicam, gphoto2
from station.errors import DeviceError

_VIDEO = Path("/sys/class/video4linux")
_PORTS = ("ttyACM*", "ttyUSB*")


@dataclass(frozen=True)
class Found:
    """One instrument."""

    kind: Literal["camera", "lights", "interlock"]
    name: str
    section: Mapping[str, object]
    """The section of the booth's configuration that chooses it; lights need their channels besides."""
    fake: bool = False
    """No instrument: simulated by a library or by dermabooth itself."""

    @property
    def type(self) -> str:
        """The driver."""
        return str(self.section["type"])

    @property
    def toml(self) -> str:
        """The section as one line."""
        keys = ", ".join(f"{key} = {json.dumps(value)}" for key, value in self.section.items())
        return f"{self.kind} = {{ {keys} }}"


@dataclass(frozen=True)
class NotSearched:
    """A kind of instrument that could not be looked for."""

    type: str
    reason: str


def find_devices() -> tuple[list[Found], list[NotSearched]]:
    """Every camera and serial port that is connected, the simulated ones last, and what could not be looked for.

    Takes seconds: cameras on the network have a second to answer. sACN and Modbus have no search.
    """
    found, missed = list[Found](), list[NotSearched]()
    searches: Mapping[str, Callable[[], Iterator[Found]]] = {
        "v4l2": _uvc_cameras,
        "genicam": _genicam_cameras,
        "gphoto2": _tethered_cameras,
        "serial": _serial_ports,
    }
    for kind, search in searches.items():
        try:
            found += search()
        except DeviceError as error:
            missed.append(NotSearched(kind, str(error)))
    found.append(Found("camera", "phantom in the chair", {"type": "sim"}, fake=True))
    found.append(Found("lights", "simulated lights", {"type": "sim"}, fake=True))
    found.append(Found("interlock", "simulated interlock", {"type": "sim"}, fake=True))
    return sorted(found, key=lambda each: each.fake), missed


def _uvc_cameras(root: Path = _VIDEO) -> Iterator[Found]:
    for node in sorted(root.glob("video*")):
        if _text(node / "index") in {"", "0"}:  # the others are a camera's metadata
            device = _lasting(Path("/dev/v4l/by-id"), Path("/dev") / node.name)
            yield Found("camera", _text(node / "name") or node.name, {"type": "v4l2", "device": str(device)})


def _genicam_cameras() -> Iterator[Found]:
    for camera in genicam.find_cameras(simulated=True):
        fake = camera.id.startswith("Fake_")
        section: dict[str, object] = {"type": "genicam", "camera": camera.id}
        if fake:
            section |= {"simulated": True, "pixel_format": "RGB8"}
        name = f"{camera.vendor} {camera.model} {camera.serial} {camera.address}".strip()
        yield Found("camera", name, section, fake)


def _tethered_cameras() -> Iterator[Found]:
    fake = "VCAMERADIR" in os.environ  # libgphoto2 then has its virtual bus alone
    for camera in gphoto2.find_cameras():
        section = {"type": "gphoto2", "model": camera.model, "port": camera.port}
        yield Found("camera", camera.model, section, fake)


def _serial_ports(root: Path = Path("/dev")) -> Iterator[Found]:
    for port in sorted(path for pattern in _PORTS for path in root.glob(pattern)):
        lasting = _lasting(root / "serial" / "by-id", port)
        section = {"type": "serial", "port": str(lasting)}
        yield Found("lights", f"serial port {port.name}", section)
        yield Found("interlock", f"serial port {port.name}", section)


def _lasting(links: Path, device: Path) -> Path:
    """The name of a device file that stays when it is plugged in elsewhere; its own where there is none."""
    named = (link for link in sorted(links.glob("*")) if link.resolve() == device.resolve())
    return next(named, device)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace").strip()
    except OSError:
        return ""
