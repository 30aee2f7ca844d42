"""The booth's configuration: one TOML file, the environment over it, checked strictly and read once.

`DERMABOOTH_STATION_BOOTH_ID=left` overrides `booth_id`; two underscores step into a section, as in
`DERMABOOTH_STATION_UPLINK__SERVER=tcp://10.0.0.5:5577`.
"""

import codecs
import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

import msgspec
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from station.calibration import EFFECTIVE_J_M2, EYE_J_M2, Calibration, CurrentCalibration, load_calibration
from station.devices.registry import (
    camera_options,
    check_interlock,
    describe,
    interlock_options,
    light_options,
)
from station.errors import ConfigError
from station.protocol import Encoding, Exposure, Light, LightingRecipe, VisitProtocol, is_booth_id
from station.quality import QualityProfile, load_profile

_LEAST_HINTS_HZ = 2.0
PREFIX = "DERMABOOTH_STATION_"
MAX_FILE_BYTES = 1 << 20
_PATHS = (
    ("", "protocol"),
    ("", "quality"),
    ("calibration", "folder"),
    ("camera", "folder"),
    ("interlock", "state_file"),
    ("lights", "state_file"),
    ("uplink", "server_key"),
    ("worklist", "file"),
)
S = TypeVar("S", bound=msgspec.Struct)


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PreviewConfig(_Section):
    """`[preview]`: the picture between the stills."""

    light: Light = Light.WHITE
    """Any but ultraviolet, which nobody sits in."""
    power: Annotated[float, Field(ge=0, le=1)] = 0.5
    """Share of the lamp's full power."""
    exposure_s: Annotated[float, Field(gt=0, le=1)] = 0.01
    gain_db: Annotated[float, Field(ge=0, le=60)] = 0.0
    hints_hz: Annotated[float, Field(gt=0, le=15)] = 4.0
    """Quality hints per second."""

    @field_validator("light")
    @classmethod
    def _bearable(cls, value: Light) -> Light:
        if value is Light.UV:
            raise ValueError("the preview cannot be ultraviolet")
        return value

    @property
    def exposure(self) -> Exposure:
        """Exposure of a preview frame."""
        return Exposure(time_s=self.exposure_s, gain_db=self.gain_db)


class VisitConfig(_Section):
    """`[visit]`: how a visit is played."""

    pace: Literal["guided", "timed"] | None = None
    """`guided`: a view is shot when its pose is right or the operator says so, and the end is a review; needs the page.
    `timed`: by the clock, for booths that nobody attends. None: guided where there is a page."""
    seating_s: Annotated[float, Field(ge=0, le=600)] = 2.0
    """Timed: time before each view, for the subject to take the pose."""
    auto_shoot_s: Annotated[float, Field(ge=0, le=60)] = 1.0
    """Guided: time for which the pose must be right until the shot comes by itself; 0: only the operator shoots."""
    idle_limit_s: Annotated[float, Field(gt=0, le=86_400)] = 900.0
    """Guided: time for which a pose or a review may wait; then the visit is closed with what it has."""
    rest_min: Annotated[float, Field(ge=0, le=120)] = 0.0
    """Minutes that the subject should have rested in the room before the first picture; shown, never waited for."""


class CalibrationConfig(_Section):
    """`[calibration]`: the records that colour and scale rest on."""

    rig: Annotated[str, Field(pattern=r"^([a-z0-9_-]{1,32})?$")] = ""
    """Name of the rig in its records; empty: the booth's."""
    folder: Path | None = None
    """Folder of the records; without it `calibration` within the booth's data."""
    max_age_days: Annotated[float, Field(ge=0, le=3660)] = 92.0
    """Age at which a record expires; 0: never."""


class UvConfig(_Section):
    """`[uv]`: how much ultraviolet light a person may have; less than the published limits, never more."""

    max_j_m2: Annotated[float, Field(gt=0, le=EYE_J_M2)] = EYE_J_M2
    """Radiant exposure of one person within a day, J/m²."""
    max_effective_j_m2: Annotated[float, Field(gt=0, le=EFFECTIVE_J_M2)] = EFFECTIVE_J_M2
    """The same weighted with S(λ)."""
    walk_in_share: Annotated[float, Field(gt=0, le=1)] = 0.1
    """Share of both for one visit without a patient ID; all of them together have one person's."""
    on_time_s: Annotated[float, Field(gt=0, le=30)] = 10.0
    """Longest time the lamp may be on in one exposure; booked in advance, the rest is given back."""


class UplinkConfig(_Section):
    """`[uplink]`: the server."""

    server: Annotated[str, Field(pattern=r"^(tcp://\S+:\d{1,5})?$")] = ""
    """`tcp://HOST:PORT` of the server's ingest; empty: the booth works alone and keeps its stills."""
    server_key: Path | None = None
    """File with the server's public CURVE key."""
    encoding: Encoding = Encoding.RAW
    """Form of the stills in the spool and on the wire."""
    spool_gb: Annotated[float, Field(gt=0, le=10_000)] = 100.0
    """Stills the booth keeps while the server is away, in 10^9 bytes."""


class MemoryConfig(_Section):
    """`[memory]`: what the booth keeps of earlier visits, so that a pose can be taken again."""

    patients: Annotated[int, Field(ge=0, le=10_000)] = 500
    """Patients of whom line drawings and the place of the face are kept; 0: nobody's, and what there is is deleted."""
    days: Annotated[float, Field(ge=0, le=3660)] = 90.0
    """Days after the last visit for which they are kept; 0: as for `patients`."""


class WorklistConfig(_Section):
    """`[worklist]`: who is expected today."""

    file: Path | None = None
    """CSV file that is read again whenever it changes; without it there is no list, only walk-ins."""
    encoding: str = "utf-8"
    """Of a file without a byte order mark."""

    @field_validator("encoding")
    @classmethod
    def _encoding(cls, value: str) -> str:
        try:
            "".encode(value)  # a codec between bytes, as hex, is refused here
            return codecs.lookup(value).name
        except LookupError:
            raise ValueError(f"no text encoding is called {value!r}") from None


class KioskConfig(_Section):
    """`[kiosk]`: the booth's own page."""

    enabled: bool = True
    host: Literal["127.0.0.1", "::1", "localhost"] = "127.0.0.1"
    """Loopback only: whoever reaches the page works the booth."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8490
    """0: any free port."""


class StationConfig(BaseSettings):
    """Everything a booth is told. Paths in the file are relative to the file's folder."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        nested_model_default_partial_update=True,
    )

    booth_id: str = "booth-1"
    data: Path = Path("data/station")
    """Folder for keys, spool and cache; relative to the working directory."""
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
        merged = _merge(_merge(_rooted(_read(path), path.parent), _environment(cls)), overrides or {})
        try:
            config = cls.model_validate(merged)
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
        config._quality_profile = _load_quality(config.quality)
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


def load_recipe(path: Path) -> LightingRecipe:
    """The lighting recipe in a file; raises `ConfigError`."""
    return _struct(path, _read(path), LightingRecipe)


def load_protocol(path: Path) -> VisitProtocol:
    """The visit protocol in a file; its `recipe` names the recipe's file. Raises `ConfigError`."""
    content = _read(path)
    recipe = content.get("recipe")
    if not isinstance(recipe, str):
        raise ConfigError(f"{path.name}: recipe must name the file of a lighting recipe, got {recipe!r}")
    content["recipe"] = msgspec.to_builtins(load_recipe(path.parent / recipe))
    return _struct(path, content, VisitProtocol)


def _load_quality(path: Path) -> QualityProfile:
    try:
        return load_profile(_read(path))
    except ValueError as error:
        raise ConfigError(f"{path.name}: {error}") from error


def _struct(path: Path, content: Mapping[str, Any], kind: type[S]) -> S:
    try:
        value = msgspec.convert(content, kind)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path.name}: {error}") from error
    if unknown := list(_unknown(content, msgspec.to_builtins(value), "")):
        raise ConfigError(f"{path.name}: unknown key {', '.join(unknown)}")
    return value


def _unknown(given: object, known: object, at: str) -> Iterator[str]:
    if isinstance(given, Mapping) and isinstance(known, Mapping):
        for key, value in given.items():
            if key not in known:
                yield f"{at}{key}"
            else:
                yield from _unknown(value, known[key], f"{at}{key}.")
    elif isinstance(given, list) and isinstance(known, Sequence):
        for index, (one, other) in enumerate(zip(given, known, strict=True)):
            yield from _unknown(one, other, f"{at}{index}.")


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ConfigError(f"{path} is over {MAX_FILE_BYTES} bytes: not a configuration")
        return tomllib.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path.name} is not UTF-8 text: save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path.name} is not TOML: {error}") from error
    except ValueError as error:
        raise ConfigError(f"{str(path)!r} is no path: {error}") from error


def _rooted(content: dict[str, Any], folder: Path) -> dict[str, Any]:
    for section, key in _PATHS:
        table = content.get(section) if section else content
        if isinstance(table, dict) and isinstance(table.get(key), str):
            table[key] = folder / table[key]
    return content


def _environment(settings: type[BaseSettings]) -> dict[str, Any]:
    for name in os.environ:
        field = name.upper().removeprefix(PREFIX).split("__")[0].lower()
        if name.upper().startswith(PREFIX) and field not in settings.model_fields:
            raise ConfigError(f"unknown key {field} in the environment variable {name}")
    return EnvSettingsSource(settings)()


def _merge(under: dict[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = (
            _merge(below, value) if isinstance(below, dict) and isinstance(value, Mapping) else value
        )
    return merged
