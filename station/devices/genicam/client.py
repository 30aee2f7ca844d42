"""The booth's end of the helper process."""

import contextlib
import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from station.errors import DeviceError, DeviceUnavailable
from station.protocol import MAX_PIXELS

SYSTEM_PYTHON = Path("/usr/bin/python3")
_SCRIPT = Path(__file__).with_name("helper.py")
_MAX_LINE = 1 << 20
_MAX_PAYLOAD = 6 * MAX_PIXELS
_END_S = 2.0


@dataclass(frozen=True)
class FoundCamera:
    """A camera that answered the search."""

    id: str
    """What `camera` in the configuration takes."""
    vendor: str
    model: str
    serial: str
    address: str


class Helper:
    """A helper process; every method but `close` blocks, and all but `close` are called from one thread."""

    def __init__(self, python: Path) -> None:
        try:
            # Isolated: neither this program's environment nor its packages reach the system's Python.
            self._process = subprocess.Popen(
                [str(python), "-I", str(_SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
        except OSError as error:
            raise DeviceUnavailable(f"camera.python {python} cannot be started: {error.strerror}") from error

    def ask(self, do: str, **details: object) -> tuple[Mapping[str, Any], bytearray]:
        """The answer to a request and the bytes behind it.

        Raises `DeviceError` with the helper's reason, and `DeviceUnavailable` if the process has ended.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps({"do": do, **details}).encode() + b"\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline(_MAX_LINE)
        except (OSError, ValueError):
            line = b""
        if not line.endswith(b"\n"):
            raise DeviceUnavailable(
                "the camera's helper process has ended: its camera or network library failed"
            )
        header: dict[str, Any] = json.loads(line)
        if "error" in header:
            raise DeviceError(header["error"])
        return header, self._payload(int(header["bytes"]))

    def _payload(self, size: int) -> bytearray:
        if size > _MAX_PAYLOAD:
            raise DeviceUnavailable(
                f"the camera's helper announced {size} bytes: no camera makes such pictures"
            )
        assert self._process.stdout is not None
        payload = bytearray(size)
        rest = memoryview(payload)
        while rest:
            count = self._process.stdout.readinto(rest)  # type: ignore[attr-defined]
            if not count:
                raise DeviceUnavailable("the camera's helper process ended within a picture")
            rest = rest[count:]
        return payload

    def close(self) -> None:
        """End the process, also while another thread waits for its answer; safe to call twice."""
        self._process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):  # it ends when the kernel lets go of it
            self._process.wait(_END_S)

    def release(self) -> None:
        """Close the pipes of an ended process, once nobody reads them."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


def find_cameras(python: Path = SYSTEM_PYTHON, *, simulated: bool = False) -> list[FoundCamera]:
    """Every GenICam camera within reach; raises `DeviceError` where Aravis is not installed."""
    helper = Helper(python)
    try:
        header, _ = helper.ask("list", simulated=simulated)
        return [FoundCamera(**found) for found in header["cameras"]]
    finally:
        helper.close()
        helper.release()
