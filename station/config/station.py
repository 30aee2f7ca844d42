"""The booth's configuration: one TOML file, the environment over it, checked strictly and read once.

`DERMABOOTH_STATION_BOOTH_ID=left` overrides `booth_id`; two underscores step into a section, as in
`DERMABOOTH_STATION_UPLINK__SERVER=tcp://10.0.0.5:5577`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import PrivateAttr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from station.calibration import Calibration, CurrentCalibration, load_calibration
from station.config.capture import CalibrationConfig, PreviewConfig, UvConfig, VisitConfig
from station.config.network import KioskConfig, UplinkConfig
from station.config.patients import MemoryConfig, WorklistConfig
from station.config.protocols import load_protocol, load_quality
from station.config.sources import environment, overlaid, read_toml, rooted
from station.devices.registry import (
    camera_options,
    check_interlock,
    describe,
    interlock_options,
    light_options,
)
from station.errors import ConfigError
from station.protocol import Dermoscope, Light, View, VisitProtocol, is_booth_id
from station.quality import QualityProfile

PREFIX = "DERMABOOTH_STATION_"
PATHS = (
    ("", "data"),
    ("", "protocol"),
    ("", "quality"),
    ("calibration", "folder"),
    ("camera", "device"),
    ("camera", "folder"),
    ("camera", "python"),
    ("interlock", "port"),
    ("interlock", "state_file"),
    ("lights", "port"),
    ("lights", "state_file"),
    ("uplink", "server_key"),
    ("worklist", "file"),
)
"""(section, key) of what is a path in the file."""
_LEAST_HINTS_HZ = 2.0


class StationConfig(BaseSettings):
    """Everything a booth is told. Paths in the file are relative to the file's folder, all others to the working directory."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        nested_model_default_partial_update=True,
    )

    booth_id: str = "booth-1"
    data: Path = Path("data/station")
    """Folder for keys, spool and cache; not named, `data/station` in the working directory."""
    protocol: Path
    """File of the visit protocol."""
    quality: Path
    """File of the quality thresholds."""
    camera: dict[str, Any]
    lights: dict[str, Any]
    interlock: dict[str, Any] = {"type": "none"}
    preview: PreviewConfig = PreviewConfig()
    visit: VisitConfig = VisitConfig()
    calibration: CalibrationConfig = CalibrationConfig()
    uv: UvConfig = UvConfig()
    uplink: UplinkConfig = UplinkConfig()
    worklist: WorklistConfig = WorklistConfig()
    memory: MemoryConfig = MemoryConfig()
    kiosk: KioskConfig = KioskConfig()
    _visit_protocol: VisitProtocol = PrivateAttr()
    _quality_profile: QualityProfile = PrivateAttr()

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource, *_: Any, **__: Any
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `load` has merged."""
        return (init_settings,)

    @field_validator("booth_id")
    @classmethod
    def _booth_id(cls, value: str) -> str:
        if not is_booth_id(value):
            raise ValueError("must be 1 to 32 lower-case letters, digits, - or _")
        return value

    @classmethod
    def load(cls, path: Path, overrides: Mapping[str, Any] | None = None) -> Self:
        """The configuration in a file, under the environment, under `overrides` (nested like the file).

        Raises `ConfigError` that names every unknown key, and value and range of every wrong one.
        """
        if not path.exists():
            raise ConfigError(f"{path} does not exist; configs/station/ holds examples")
        content = rooted(read_toml(path), path.parent, PATHS)
        try:
            config = cls.model_validate(overlaid(overlaid(content, environment(cls)), overrides or {}))
        except ValidationError as error:
            raise ConfigError(f"{path.name}: {describe(error)}") from error
        try:
            camera_options(config.camera)
            light_options(config.lights)
            interlock_options(config.interlock)
            check_interlock(config.interlock, config.camera, config.lights)
        except ConfigError as error:
            raise ConfigError(f"{path.name}: {error}") from error
        config._visit_protocol = load_protocol(config.protocol)
        config._check_dermoscope(path.name)
        config._quality_profile = load_quality(config.quality)
        return config

    @model_validator(mode="after")
    def _guided_by_somebody(self) -> Self:
        if self.visit.pace == "guided" and not self.kiosk.enabled:
            raise ValueError("visit.pace cannot be guided with kiosk.enabled = false: nobody could guide")
        if self.guided and self.preview.hints_hz < _LEAST_HINTS_HZ:
            raise ValueError(
                f"preview.hints_hz must be at least {_LEAST_HINTS_HZ:g} where visits are guided: the gate goes by it"
            )
        return self

    @model_validator(mode="after")
    def _server_tells(self) -> Self:
        if self.worklist.source == "server" and not self.uplink.server:
            raise ValueError(
                'worklist.source = "server" needs uplink.server or --server, the server that tells it'
            )
        return self

    def _check_dermoscope(self, name: str) -> None:
        """Raise `ConfigError` for what only a look at the face can do."""
        if self.dermoscope is None:
            return
        protocol, reasons = self.visit_protocol, list[str]()
        if set(protocol.views) != {View.UNSPECIFIED}:
            reasons.append('views of the protocol must be ["unspecified"]: nobody takes a pose')
        if any(step.light is Light.UV for step in protocol.recipe.steps):
            reasons.append("its recipe can have no light uv: nobody sees whether the eyes are closed")
        if self.guided and self.visit.auto_shoot_s > 0:
            reasons.append("visit.auto_shoot_s must be 0: only the operator sees when it is in place")
        if reasons:
            raise ConfigError(f"{name}: with camera.dermoscope {'; '.join(reasons)}")

    @property
    def dermoscope(self) -> Dermoscope | None:
        """What the camera looks through; None: nothing."""
        options = camera_options(self.camera).dermoscope
        return None if options is None else options.told()

    @property
    def guided(self) -> bool:
        """Whether an operator leads the visits, not the clock."""
        return self.kiosk.enabled if self.visit.pace is None else self.visit.pace == "guided"

    @property
    def visit_protocol(self) -> VisitProtocol:
        """What a visit shoots, from the file that `protocol` names."""
        return self._visit_protocol

    @property
    def calibration_folder(self) -> Path:
        """Where the booth's calibration records are."""
        return self.calibration.folder or self.data / "calibration"

    def load_calibration(self) -> Calibration:
        """The booth's calibration records as they are on disk now."""
        settings = self.calibration
        return load_calibration(self.calibration_folder, settings.rig or self.booth_id, settings.max_age_days)

    def current_calibration(self) -> CurrentCalibration:
        """The same, to be held against the disk again."""
        return CurrentCalibration(self.calibration_folder, self.load_calibration)

    @property
    def quality_profile(self) -> QualityProfile:
        """Thresholds from the file that `quality` names."""
        return self._quality_profile
