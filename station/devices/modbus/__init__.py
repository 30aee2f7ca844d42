"""Light controllers that speak Modbus TCP."""

from station.devices.modbus.lights import ModbusChannel, ModbusLightRig, ModbusLightsOptions

__all__ = ["ModbusChannel", "ModbusLightRig", "ModbusLightsOptions"]
