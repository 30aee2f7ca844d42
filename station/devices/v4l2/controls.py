"""Controls that are set, read back, and believed only then."""

from station.devices.v4l2.device import Control, Device
from station.errors import DeviceError

MANUAL = 1
_ROUNDING = 1e-6
_NAMES = {
    Control.AUTO_EXPOSURE: "auto exposure",
    Control.AUTO_WHITE_BALANCE: "auto white balance",
    Control.AUTO_FOCUS: "autofocus",
    Control.WHITE_BALANCE: "white balance temperature",
}


def lock(device: Device, control: Control, value: float, tolerance: float = 0.0) -> float:
    """Set a control and return what the camera then has.

    Raises `DeviceError` with control, value asked and value got if they differ by more than the share `tolerance`.
    """
    device.set(control, value)
    return verify(device, control, value, tolerance)


def verify(device: Device, control: Control, value: float, tolerance: float = 0.0) -> float:
    """What the camera has; raises `DeviceError` as `lock` does."""
    got = device.get(control)
    if abs(got - value) > tolerance * abs(value) + _ROUNDING:
        answer = "has no such control" if got < 0 else f"has {got:g}"
        raise DeviceError(f"camera control {name(control)}: asked for {value:g}, the camera {answer}")
    return got


def turn_off(device: Device, control: Control) -> None:
    """Turn an automatic control off; a camera without it is as good. Raises `DeviceError`."""
    if device.get(control) >= 0:
        lock(device, control, 0)


def name(control: Control) -> str:
    """As people say it."""
    return _NAMES.get(control, control.name.lower())
