"""Drivers by the `type` their configuration section names. A new driver adds one line here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from station.devices.base import Camera, CameraOptions, Interlock, LightRig
from station.devices.bench import Bench
from station.devices.dmx import DmxLightRig, DmxLightsOptions
from station.devices.files import FilesCamera, FilesCameraOptions, FilesLightRig, FilesLightsOptions
from station.devices.genicam import GenicamCamera, GenicamCameraOptions
from station.devices.gphoto2 import Gphoto2Camera, Gphoto2CameraOptions
from station.devices.modbus import (
    ModbusInterlock,
    ModbusInterlockOptions,
    ModbusLightRig,
    ModbusLightsOptions,
)
from station.devices.none import NoInterlock, NoInterlockOptions
from station.devices.serial import (
    SerialInterlock,
    SerialInterlockOptions,
    SerialLightRig,
    SerialLightsOptions,
)
from station.devices.sim import (
    SimCamera,
    SimCameraOptions,
    SimInterlock,
    SimInterlockOptions,
    SimLightRig,
    SimLightsOptions,
)
from station.devices.v4l2 import V4l2Camera, V4l2CameraOptions
from station.errors import ConfigError

SIMULATED_RIGS = frozenset({"files", "sim"})
"""Lights without lamps."""
SIMULATED_CAMERAS = frozenset({"files", "sim"})
"""Cameras that do not look at whoever sits in the booth."""

D = TypeVar("D", Camera, LightRig, Interlock)
S = TypeVar("S", bound=BaseModel)

_SHOWN = 100


@dataclass(frozen=True)
class Driver(Generic[D, S]):
    """How to read a driver's section and make the instrument."""

    options: type[S]
    make: Callable[[Any, Bench], D]


CAMERAS: Mapping[str, Driver[Camera, CameraOptions]] = {
    "files": Driver(FilesCameraOptions, FilesCamera),
    "genicam": Driver(GenicamCameraOptions, GenicamCamera),
    "gphoto2": Driver(Gphoto2CameraOptions, Gphoto2Camera),
    "sim": Driver(SimCameraOptions, SimCamera),
    "v4l2": Driver(V4l2CameraOptions, V4l2Camera),
}
LIGHT_RIGS: Mapping[str, Driver[LightRig, BaseModel]] = {
    "dmx": Driver(DmxLightsOptions, DmxLightRig),
    "files": Driver(FilesLightsOptions, FilesLightRig),
    "modbus": Driver(ModbusLightsOptions, ModbusLightRig),
    "serial": Driver(SerialLightsOptions, SerialLightRig),
    "sim": Driver(SimLightsOptions, SimLightRig),
}
INTERLOCKS: Mapping[str, Driver[Interlock, BaseModel]] = {
    "modbus": Driver(ModbusInterlockOptions, ModbusInterlock),
    "none": Driver(NoInterlockOptions, NoInterlock),
    "serial": Driver(SerialInterlockOptions, SerialInterlock),
    "sim": Driver(SimInterlockOptions, SimInterlock),
}


def camera_options(section: Mapping[str, object]) -> CameraOptions:
    """The checked options of a `[camera]` section; raises `ConfigError` naming the key, or the known types."""
    return _options("camera", section, CAMERAS)


def light_options(section: Mapping[str, object]) -> BaseModel:
    """The checked options of a `[lights]` section; raises `ConfigError` naming the key, or the known types."""
    return _options("lights", section, LIGHT_RIGS)


def interlock_options(section: Mapping[str, object]) -> BaseModel:
    """The checked options of an `[interlock]` section; raises `ConfigError` naming the key, or the known types."""
    return _options("interlock", section, INTERLOCKS)


def check_interlock(
    interlock: Mapping[str, object], camera: Mapping[str, object], lights: Mapping[str, object]
) -> None:
    """Raise `ConfigError` where real lamps could fire by a simulated door, or by eyes that no real camera sees."""
    lamps, lens = lights.get("type"), camera.get("type")
    if interlock.get("type") == "none" or lamps in SIMULATED_RIGS:
        return
    if interlock.get("type") == "sim":
        raise ConfigError(
            f"interlock.type cannot be sim with lights of type {lamps}: name the interlock that "
            "is wired to the booth's door, or none, without which ultraviolet light is refused"
        )
    if lens in SIMULATED_CAMERAS:
        raise ConfigError(
            f"interlock.type must be none with lights of type {lamps} and a camera of type {lens}, which does not see "
            "the subject's eyes: ultraviolet light is refused then"
        )


def make_interlock(section: Mapping[str, object], bench: Bench) -> Interlock:
    """The booth's interlock, not yet opened; raises `ConfigError`."""
    return INTERLOCKS[str(section["type"])].make(interlock_options(section), bench)


def make_devices(
    camera: Mapping[str, object], lights: Mapping[str, object], bench: Bench
) -> tuple[Camera, LightRig]:
    """Camera and lights of a booth, not yet opened; raises `ConfigError` or `DeviceUnavailable`."""
    camera_settings, light_settings = camera_options(camera), light_options(lights)
    made = CAMERAS[str(camera["type"])].make(camera_settings, bench)
    if camera_settings.dermoscope is not None:
        made.dermoscope = camera_settings.dermoscope.told()
    return made, LIGHT_RIGS[str(lights["type"])].make(light_settings, bench)


def _options(name: str, section: Mapping[str, object], drivers: Mapping[str, Driver[D, S]]) -> S:
    kind = section.get("type")
    if not isinstance(kind, str) or kind not in drivers:
        raise ConfigError(f"{name}.type is {_shown(kind)}, known are: {', '.join(sorted(drivers))}")
    try:
        return drivers[kind].options.model_validate(section)
    except ValidationError as error:
        raise ConfigError(describe(error, name)) from error


def describe(error: ValidationError, section: str = "") -> str:
    """What is wrong in a configuration, one sentence per key."""
    lines = []
    for mistake in error.errors(include_url=False, include_context=False):
        key = ".".join(str(part) for part in (section, *mistake["loc"]) if part != "")
        if mistake["type"] == "extra_forbidden":
            lines.append(f"unknown key {key}")
        elif mistake["type"] == "missing":
            lines.append(f"{key} is missing")
        else:
            lines.append(_wrong(key, mistake["msg"].removeprefix("Value error, "), mistake["input"]))
    return "; ".join(lines)


def _wrong(key: str, reason: str, value: object) -> str:
    """Of a whole table the value is not told: the reason names the keys."""
    told = reason if isinstance(value, dict) else f"{reason}, got {_shown(value)}"
    return f"{key}: {told}" if key else told


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
