"""What `dermabooth repeatability` found, as pages need it."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from server.errors import ConfigError


class _Figure(msgspec.Struct, frozen=True):
    value: float


class _Measure(msgspec.Struct, frozen=True):
    light: str
    region: str
    measure: str
    smallest_detectable_change: _Figure


class _Report(msgspec.Struct, frozen=True):
    measures: tuple[_Measure, ...]


def read_smallest_changes(path: Path) -> Mapping[tuple[str, str, str], float]:
    """The smallest detectable changes in a `repeatability.json`, by light, region and name; raises `ConfigError`."""
    try:
        report = msgspec.json.decode(path.read_bytes(), type=_Report)
    except OSError as error:
        raise ConfigError(f"analysis.repeatability: {path} cannot be read: {error.strerror}") from error
    except msgspec.MsgspecError as error:
        raise ConfigError(
            f"analysis.repeatability: {path} is no report of `dermabooth repeatability`: {error}"
        ) from error
    return {
        (one.light, one.region, one.measure): one.smallest_detectable_change.value for one in report.measures
    }
