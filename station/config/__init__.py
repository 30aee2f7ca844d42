"""What a booth is told: its own file, and the protocol, recipe and thresholds that the file names."""

from station.config.capture import CalibrationConfig, PreviewConfig, UvConfig, VisitConfig
from station.config.network import KioskConfig, UplinkConfig
from station.config.patients import MemoryConfig, WorklistConfig
from station.config.protocols import load_protocol, load_quality, load_recipe
from station.config.station import StationConfig

__all__ = [
    "CalibrationConfig",
    "KioskConfig",
    "MemoryConfig",
    "PreviewConfig",
    "StationConfig",
    "UplinkConfig",
    "UvConfig",
    "VisitConfig",
    "WorklistConfig",
    "load_protocol",
    "load_quality",
    "load_recipe",
]
