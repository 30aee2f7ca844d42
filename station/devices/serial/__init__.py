"""Light controllers on a serial line, by the protocol of docs/reference/devices-serial-lights.md."""

from station.devices.serial.lights import SerialChannel, SerialLightRig, SerialLightsOptions
from station.devices.serial.wire import checksum, framed, unframed

__all__ = [
    "SerialChannel",
    "SerialLightRig",
    "SerialLightsOptions",
    "checksum",
    "framed",
    "unframed",
]
