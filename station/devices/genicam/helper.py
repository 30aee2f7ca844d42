"""The process that holds the camera: Aravis by GObject introspection, on the system's own Python.

Reads one JSON object a line from standard input and answers each with one JSON line on standard output, followed by as many
bytes as its `bytes` says. Ends with its input. Imports nothing of dermabooth and nothing beyond the standard library and
`gi` (Debian: python3-gi, gir1.2-aravis-0.8).
"""

import json
import sys
import time
from typing import Any

BUFFERS = 3
TRIES = 3
"""Exposures made for one picture when packets get lost."""
SPARE_US = 5_000_000
"""Time beyond the exposure that a picture has to arrive."""
AUTOMATIC = ("ExposureAuto", "GainAuto", "BalanceWhiteAuto")

Answer = tuple[dict[str, Any], bytes]


class Refusal(Exception):
    """What the booth's operator is told."""


class Session:
    """One camera, opened once."""

    def __init__(self, aravis: Any) -> None:
        self.aravis = aravis
        self.camera: Any = None
        self.stream: Any = None

    def list(self, asked: dict[str, Any]) -> Answer:
        """Every camera that Aravis finds."""
        self._enable(asked)
        self.aravis.update_device_list()
        found = [
            {
                "id": self.aravis.get_device_id(number),
                "vendor": self.aravis.get_device_vendor(number) or "",
                "model": self.aravis.get_device_model(number) or "",
                "serial": self.aravis.get_device_serial_nbr(number) or "",
                "address": self.aravis.get_device_address(number) or "",
            }
            for number in range(self.aravis.get_n_devices())
        ]
        return {"cameras": found}, b""

    def open(self, asked: dict[str, Any]) -> Answer:
        """Open, lock every automatic control, and wait for software triggers."""
        self._enable(asked)
        camera = self.camera = self.aravis.Camera.new(asked["camera"] or None)
        if camera.is_gv_device():
            camera.gv_set_packet_size(asked["packet_size"])
        camera.set_pixel_format_from_string(asked["pixel_format"])
        self._choose_region(asked["width"], asked["height"])
        for feature in AUTOMATIC:
            self._turn_off(feature)
        for colour, ratio in asked["balance"].items():
            camera.set_string("BalanceRatioSelector", colour)
            camera.set_float("BalanceRatio", ratio)
        if not camera.is_software_trigger_supported():
            raise Refusal("this camera has no software trigger")
        camera.set_trigger("Software")
        self._start()
        return self._nameplate(), b""

    def expose(self, asked: dict[str, Any]) -> Answer:
        """One picture."""
        camera = self.camera
        camera.set_exposure_time(asked["time_us"])
        if camera.is_gain_available():
            camera.set_gain(asked["gain_db"])
        for _ in range(TRIES):
            buffer = self._trigger(asked["time_us"])
            if buffer.get_status() == self.aravis.BufferStatus.SUCCESS:
                break
            self.stream.push_buffer(buffer)
        else:
            raise Refusal(f"the picture was lost on the way {TRIES} times: check network and packet_size")
        pixels = bytes(buffer.get_data())
        header = {
            "bytes": len(pixels),
            "width": buffer.get_image_width(),
            "height": buffer.get_image_height(),
            "time_us": camera.get_exposure_time(),
            "gain_db": camera.get_gain() if camera.is_gain_available() else 0.0,
            "received_at": buffer.get_system_timestamp() / 1e9,
        }
        self.stream.push_buffer(buffer)
        return header, pixels

    def _enable(self, asked: dict[str, Any]) -> None:
        if asked["simulated"]:
            self.aravis.enable_interface("Fake")

    def _choose_region(self, width: int, height: int) -> None:
        full_width, full_height = self.camera.get_sensor_size()
        width, height = width or full_width, height or full_height
        self.camera.set_region(0, 0, width, height)
        region = self.camera.get_region()
        if (region.width, region.height) != (width, height):
            raise Refusal(
                f"asked for pictures of {width}x{height}, the camera makes {region.width}x{region.height}"
            )

    def _turn_off(self, feature: str) -> None:
        if not self.camera.is_feature_available(feature):
            return
        self.camera.set_string(feature, "Off")
        if (value := self.camera.get_string(feature)) != "Off":
            raise Refusal(f"camera feature {feature}: asked for Off, the camera has {value}")

    def _start(self) -> None:
        self.stream = self.camera.create_stream(None, None)
        for _ in range(BUFFERS):
            self.stream.push_buffer(self.aravis.Buffer.new_allocate(self.camera.get_payload()))
        self.camera.start_acquisition()

    def _nameplate(self) -> dict[str, Any]:
        camera = self.camera
        shortest, longest = camera.get_exposure_time_bounds()
        gains = camera.get_gain_bounds() if camera.is_gain_available() else (0.0, 0.0)
        return {
            "vendor": camera.get_vendor_name() or "",
            "model": camera.get_model_name() or "",
            "serial": camera.get_device_serial_number() or "",
            "shortest_us": shortest,
            "longest_us": longest,
            "max_gain_db": gains[1],
        }

    def _trigger(self, time_us: float) -> Any:
        """The first buffer that arrives after a trigger; what waited is given back to the camera."""
        while (old := self.stream.try_pop_buffer()) is not None:
            self.stream.push_buffer(old)
        triggered_at = time.time()
        self.camera.software_trigger()
        while True:
            buffer = self.stream.timeout_pop_buffer(int(time_us) + SPARE_US)
            if buffer is None:
                raise Refusal("the camera was triggered and sent no picture: check its cable and packet_size")
            if buffer.get_system_timestamp() / 1e9 >= triggered_at:
                return buffer
            self.stream.push_buffer(buffer)


def load() -> Any:
    """The Aravis library; raises `Refusal` with what to install."""
    try:
        import gi

        gi.require_version("Aravis", "0.8")
        from gi.repository import Aravis
    except (ImportError, ValueError) as error:
        raise Refusal(
            f"Aravis is not installed for {sys.executable} ({error}); on Debian: apt-get install python3-gi gir1.2-aravis-0.8"
        ) from error
    return Aravis


def answer(session: Session | None, asked: dict[str, Any]) -> tuple[Session | None, Answer]:
    """The session, made at the first call, and the answer; an error is an answer too."""
    try:
        session = session or Session(load())
        return session, {"list": session.list, "open": session.open, "expose": session.expose}[asked["do"]](
            asked
        )
    except Exception as error:  # noqa: BLE001
        # The boundary of Aravis: GLib raises its own class, and the booth tells the operator whatever it is.
        return session, ({"error": str(error) or type(error).__name__}, b"")


def main() -> None:
    """Answer until the input ends."""
    session: Session | None = None
    for line in sys.stdin.buffer:
        session, (header, payload) = answer(session, json.loads(line))
        sys.stdout.buffer.write(json.dumps({"bytes": 0, **header}).encode() + b"\n" + payload)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
