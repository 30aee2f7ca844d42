"""The calibration record: what a rig measured of itself, in one file that never changes.

A file is named for its record, `<id>.json`, and holds `{"id": …, "sha256": …, "record": {…}}`. The hash is that of the
record's JSON with sorted keys and no spaces; the id is rig, day and the first eight digits of the hash.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from station.errors import ConfigError
from station.protocol import CameraInfo, Light

FORMAT: Final = 1
"""Raised when a record can no longer be read by older software."""
MAX_FILE_BYTES: Final = 1 << 20

_Matrix = Annotated[tuple[float, ...], Meta(min_length=9, max_length=9)]
_Rgb = tuple[float, float, float]


class BadRecord(ConfigError):
    """A record's file cannot be used; the text says why and what to do."""


class Criterion(msgspec.Struct, frozen=True, kw_only=True):
    """One figure of a record against its limit."""

    name: str
    value: float
    unit: str
    limit: float
    passed: bool
    needed_for: str
    """`scale`, `rig`, or `colour/<light>`: what is refused where it failed."""


class ColourRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Colours under one light."""

    light: Light
    matrix: _Matrix
    """Row by row, from RGB over that of a perfect white to linear sRGB."""
    white: _Rgb
    """Linear RGB of a perfect white at the chart's place, 1 is the white level."""
    tab_white: _Rgb | None = None
    """The same by the neutral tab at its place; None without one."""
    mean_error: float
    """dE2000 of patches that the fit did not see; mean, largest, largest of the skin patches."""
    largest_error: float
    skin_error: float | None = None
    errors: dict[str, float]
    """The same, patch by patch."""
    patches: dict[str, _Rgb]
    """CIELAB (D65) of every readable patch through the matrix: what a daily check is held against."""
    fitted_error: float
    """Mean dE2000 of the patches the fit saw."""
    refused: tuple[str, ...] = ()
    """Patches that were clipped."""

    @property
    def from_tab(self) -> tuple[float, ...]:
        """The matrix for RGB over the tab's white: it also makes up for the tab's own colour and place."""
        if self.tab_white is None:
            return self.matrix
        ratio = [tab / white for tab, white in zip(self.tab_white, self.white, strict=True)]
        return tuple(value * ratio[index % 3] for index, value in enumerate(self.matrix))


class ScaleRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Scale at the chart's place, which is the face's."""

    px_per_mm: Annotated[float, Meta(gt=0, le=1000)]
    tilt_deg: float
    residual_px: float
    """Root mean square error of the marker corners."""


class LampRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Output of one light at full power."""

    light: Light
    level_per_s: _Rgb
    """Linear RGB that the white field gains per second of exposure without gain; 1 is the white level."""


class IrradianceRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Irradiance of one lamp at full power on the skin, as a meter at the face's place read it."""

    light: Light
    w_m2: Annotated[float, Meta(gt=0, le=10_000)]
    """Total irradiance, W/m²."""
    peak_nm: Annotated[float, Meta(ge=340, le=410)]
    """Wavelength of the lamp's peak; lamps below are no near ultraviolet and have no place in a booth."""
    meter: Annotated[str, Meta(min_length=1, max_length=128)]
    """What measured it: instrument, serial number, date of its own calibration."""


class FocusRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Sharpness of the rig: spatial frequency at half contrast (ISO 12233, slanted edge)."""

    mtf50: float
    """Cycles/px; of a series, that of its top."""
    position: float | None = None
    """Of the top, in the steps of the series; None without one."""
    series: tuple[tuple[float, float], ...] = ()
    """(position, MTF50) pairs."""


class FlatFieldRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Light over the picture, from a white card, relative to the brightest."""

    uniformity: float
    """Darkest over brightest."""
    rows: int
    columns: int
    values: tuple[float, ...]


class CalibrationRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a rig measured of itself on one day."""

    format: int = FORMAT
    rig: Annotated[str, Meta(min_length=1, max_length=32)]
    camera: CameraInfo
    """One without a serial number stands for every camera of its model."""
    width: int
    height: int
    """Size of the pictures that it holds for, px."""
    made_at: float
    """Seconds since 1970 UTC."""
    made_on: Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    """The same as a day, UTC."""
    made_by: str
    """Who made it."""
    software: str
    chart: str
    reference: str
    """Where the chart's colours come from."""
    scale: ScaleRecord
    colours: tuple[ColourRecord, ...] = ()
    lamps: tuple[LampRecord, ...] = ()
    irradiances: tuple[IrradianceRecord, ...] = ()
    """What doses are reckoned from; a lamp without one is not lit on skin where a dose is needed."""
    polarisation_gain: float | None = None
    """Light of parallel over cross-polarised pictures on matte patches, same exposure and power."""
    focus: FocusRecord | None = None
    flat_field: FlatFieldRecord | None = None
    acceptance: tuple[Criterion, ...] = ()

    def colour_under(self, light: Light) -> ColourRecord | None:
        """The colours under a light; None where it was not calibrated."""
        return next((colour for colour in self.colours if colour.light is light), None)

    def failure(self, *needed_for: str) -> str:
        """The first figure over its limit among those needed for one of these; empty if there is none."""
        for item in self.acceptance:
            if item.needed_for in needed_for and not item.passed:
                return f"{item.name} {item.value:.3g} {item.unit}, limit {item.limit:g}"
        return ""


@dataclass(frozen=True)
class NamedRecord:
    """A record with the name that results give it."""

    id: str
    sha256: str
    record: CalibrationRecord


def named(record: CalibrationRecord) -> NamedRecord:
    """The record under its own name."""
    digest = hashlib.sha256(_content(record)).hexdigest()
    return NamedRecord(f"{record.rig}-{record.made_on.replace('-', '')}-{digest[:8]}", digest, record)


def save_record(record: CalibrationRecord, folder: Path) -> tuple[NamedRecord, Path]:
    """Write the record into the folder, once; returns it with its file.

    The same record again is left as it is. The file is made read-only.
    """
    kept = named(record)
    path = folder / f"{kept.id}.json"
    if path.exists():
        return load_record(path), path
    folder.mkdir(parents=True, exist_ok=True)
    body = {"id": kept.id, "sha256": kept.sha256, "record": msgspec.to_builtins(record)}
    partial = folder / f".{kept.id}.partial"
    partial.write_bytes(msgspec.json.format(msgspec.json.encode(body), indent=1) + b"\n")
    partial.chmod(0o444)
    partial.replace(path)
    return kept, path


def load_record(path: Path) -> NamedRecord:
    """The record in a file; raises `BadRecord` for one that was changed, or that this software cannot read."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise BadRecord(f"{path.name} is over {MAX_FILE_BYTES} bytes: not a calibration record")
        body = msgspec.json.decode(path.read_bytes(), type=_File)
        record = msgspec.json.decode(body.record, type=CalibrationRecord)
    except OSError as error:
        raise BadRecord(f"{path.name} cannot be read: {error.strerror}") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadRecord(f"{path.name} is no calibration record: {error}") from error
    if record.format > FORMAT:
        raise BadRecord(
            f"{path.name} has format {record.format}, this software reads up to {FORMAT}: upgrade"
        )
    digest = hashlib.sha256(_canonical(msgspec.json.decode(body.record))).hexdigest()
    kept = NamedRecord(body.id, digest, record)
    if digest != body.sha256 or path.stem != body.id or not body.id.endswith(digest[:8]):
        raise BadRecord(f"{path.name} was changed after it was made: calibrate anew")
    return kept


class _File(msgspec.Struct):
    id: str
    sha256: str
    record: msgspec.Raw


def _content(record: CalibrationRecord) -> bytes:
    return _canonical(msgspec.to_builtins(record))


def _canonical(content: object) -> bytes:
    return msgspec.json.encode(content, order="sorted")
