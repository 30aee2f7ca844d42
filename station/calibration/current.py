"""The records that a running booth goes by, and those that its folder has meanwhile."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from station.calibration.record import IrradianceRecord
from station.calibration.validity import Calibration
from station.protocol import Light

_Files = frozenset[tuple[str, int, int]]


@dataclass(frozen=True)
class FolderReading:
    """What a folder of records held."""

    calibration: Calibration
    files: _Files
    """Name, time of change in ns and size of each."""


class CurrentCalibration:
    """One calibration for everybody in the booth, changed for all at once by `use`.

    `load` reads `folder`; it is called here, and again by `newer`. Both block.
    """

    def __init__(self, folder: Path, load: Callable[[], Calibration]) -> None:
        self._folder = folder
        self._load = load
        self._reading = self._read()

    @property
    def now(self) -> Calibration:
        """What holds now."""
        return self._reading.calibration

    def irradiance(self, light: Light) -> tuple[IrradianceRecord | None, str]:
        """`Calibration.irradiance` by what holds now."""
        return self.now.irradiance(light)

    def newer(self) -> FolderReading | None:
        """The folder read anew where its files are others than those in use; raises `OSError`."""
        return None if self._files() == self._reading.files else self._read()

    def use(self, reading: FolderReading) -> None:
        """Go by this from now on."""
        self._reading = reading

    def _read(self) -> FolderReading:
        files = self._files()  # before: what changes while it is read is read again
        return FolderReading(self._load(), files)

    def _files(self) -> _Files:
        return frozenset(_stamps(self._folder))


def _stamps(folder: Path) -> Iterator[tuple[str, int, int]]:
    for path in folder.glob("*.json"):
        with contextlib.suppress(FileNotFoundError):  # taken away meanwhile
            status = path.stat()
            yield path.name, status.st_mtime_ns, status.st_size
