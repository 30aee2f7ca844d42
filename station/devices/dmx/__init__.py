"""Lights by streaming ACN (ANSI E1.31), the network form of DMX512."""

from station.devices.dmx.lights import DmxChannel, DmxLightRig, DmxLightsOptions

__all__ = ["DmxChannel", "DmxLightRig", "DmxLightsOptions"]
