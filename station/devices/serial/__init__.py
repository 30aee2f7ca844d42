"""Instruments on a serial line, by the protocols of docs/reference: devices-serial-lights.md, devices-interlocks.md."""

from station.devices.serial.interlock import SerialInterlock, SerialInterlockOptions
from station.devices.serial.lights import SerialChannel, SerialLightRig, SerialLightsOptions

__all__ = [
    "SerialChannel",
    "SerialInterlock",
    "SerialInterlockOptions",
    "SerialLightRig",
    "SerialLightsOptions",
]
