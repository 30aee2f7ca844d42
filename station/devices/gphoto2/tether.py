"""One tethered camera, by libgphoto2 (PTP over USB or IP)."""

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from station.devices.base import extra
from station.errors import DeviceError, DeviceUnavailable

_FOLLOW_S = 0.5
"""Time in which a camera announces the second file of a picture, raw beside JPEG."""
_DRAIN_S = 0.3
"""Longest time for what a camera still has to say of earlier pictures."""
_MAX_FILES = 4
_TIMES_KEY = "shutterspeed"


@dataclass(frozen=True)
class FoundCamera:
    """A camera that libgphoto2 has found."""

    model: str
    port: str


@dataclass(frozen=True)
class CameraFile:
    """A file as the camera made it."""

    name: str
    content: bytes


class Tether:
    """An open camera; every method blocks, and all are called from one thread.

    Every method raises `DeviceError` with libgphoto2's reason.
    """

    def __init__(self, camera: Any, model: str) -> None:
        self._camera = camera
        self.model = model

    @classmethod
    def open(cls, model: str, port: str) -> "Tether":
        """The camera of this model and port, or the first one found where they are empty."""
        gp = _library()
        found = [
            camera for camera in find_cameras() if model in {"", camera.model} and (port in {"", camera.port})
        ]
        if not found:
            raise DeviceUnavailable(
                f"no tethered camera {model or 'of any model'} is connected: switch it on; "
                "`dermabooth devices` lists those that are there"
            )
        with _told(found[0].model):
            camera = gp.Camera()
            abilities, ports = gp.CameraAbilitiesList(), gp.PortInfoList()
            abilities.load()
            ports.load()
            camera.set_abilities(abilities[abilities.lookup_model(found[0].model)])
            camera.set_port_info(ports[ports.lookup_path(found[0].port)])
            camera.init()
        return cls(camera, found[0].model)

    def read(self, key: str) -> str:
        """A setting's value; empty for one that the camera does not have."""
        gp = _library()
        try:
            widget = self._camera.get_single_config(key)
            return str(widget.get_value())
        except gp.GPhoto2Error as error:
            if error.code == gp.GP_ERROR_BAD_PARAMETERS:
                return ""
            raise DeviceError(f"{self.model}, setting {key}: {error.string}") from error

    def times(self) -> Sequence[str]:
        """The exposure times that the camera offers, in its own words."""
        with _told(f"{self.model}, setting {_TIMES_KEY}"):
            widget = self._camera.get_single_config(_TIMES_KEY)
            return [str(choice) for choice in widget.get_choices()]

    def write(self, key: str, value: str) -> None:
        """Set and read back; raises `DeviceError` with setting, value asked and value got."""
        with _told(f"{self.model}, setting {key}, asked for {value}"):
            widget = self._camera.get_single_config(key)
            if str(widget.get_value()) != value:
                widget.set_value(value)
                self._camera.set_single_config(key, widget)
        if (got := self.read(key)) != value:
            raise DeviceError(f"{self.model}, setting {key}: asked for {value}, the camera has {got}")

    def write_time(self, choice: str) -> None:
        """Set the exposure time."""
        self.write(_TIMES_KEY, choice)

    def capture(self) -> list[CameraFile]:
        """Every file of one picture, as the camera made them."""
        gp = _library()
        with _told(self.model):
            self._drain()
            paths = [self._camera.capture(gp.GP_CAPTURE_IMAGE)]
            give_up = time.monotonic() + _FOLLOW_S
            # Cameras report changes of all kinds without end: the next file is waited for, not silence.
            while len(paths) < _MAX_FILES and (left_s := give_up - time.monotonic()) > 0:
                event, detail = self._camera.wait_for_event(int(1000 * left_s))
                if event == gp.GP_EVENT_FILE_ADDED:
                    paths.append(detail)
                elif event == gp.GP_EVENT_TIMEOUT:
                    break
            return [self._fetch(path) for path in paths]

    def _drain(self) -> None:
        """Let go of files that are announced late: they would be taken for those of the next picture."""
        give_up, silence = time.monotonic() + _DRAIN_S, _library().GP_EVENT_TIMEOUT
        while time.monotonic() < give_up and self._camera.wait_for_event(1)[0] != silence:
            pass

    def view(self) -> bytes | None:
        """A JPEG of the live view; None if the camera has none."""
        gp = _library()
        try:
            return _content(self._camera.capture_preview())
        except gp.GPhoto2Error as error:
            if error.code == gp.GP_ERROR_NOT_SUPPORTED:
                return None
            raise DeviceUnavailable(f"{self.model}: {error.string}") from error

    def end_view(self) -> None:
        """Close the live view, where the camera keeps it open."""
        if self.read("viewfinder") == "1":
            with _told(f"{self.model}, live view"):
                widget = self._camera.get_single_config("viewfinder")
                widget.set_value(0)
                self._camera.set_single_config("viewfinder", widget)

    def close(self) -> None:
        """Let go of the camera."""
        with contextlib.suppress(_library().GPhoto2Error):
            self._camera.exit()

    def _fetch(self, path: Any) -> CameraFile:
        file = self._camera.file_get(path.folder, path.name, _library().GP_FILE_TYPE_NORMAL)
        return CameraFile(path.name, _content(file))


def find_cameras() -> list[FoundCamera]:
    """Every camera that libgphoto2 finds by itself; raises `DeviceUnavailable` where it is not installed."""
    found = _library().Camera.autodetect()
    return [FoundCamera(found.get_name(index), found.get_value(index)) for index in range(found.count())]


def _content(file: Any) -> bytes:
    """A copy; the library's view is of memory that goes with the file object."""
    return bytes(file.get_data_and_size())


def _library() -> Any:
    with extra("gphoto2"):
        import gphoto2
    return gphoto2


@contextlib.contextmanager
def _told(what: str) -> Iterator[None]:
    try:
        yield
    except _library().GPhoto2Error as error:
        raise DeviceUnavailable(f"{what}: {error.string}") from error
