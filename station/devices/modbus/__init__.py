"""Light controllers and interlocks that speak Modbus TCP."""

from station.devices.modbus.interlock import ModbusInterlock, ModbusInterlockOptions
from station.devices.modbus.lights import ModbusChannel, ModbusLightRig, ModbusLightsOptions

__all__ = [
    "ModbusChannel",
    "ModbusInterlock",
    "ModbusInterlockOptions",
    "ModbusLightRig",
    "ModbusLightsOptions",
]
