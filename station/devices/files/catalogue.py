"""A folder of photographs, sorted by subject, view and light as their names say."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from station.errors import DeviceUnavailable, LightUnavailable
from station.protocol import Light, View

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".tif", ".tiff"})
MAX_PICTURES = 10_000
_LIGHTS = sorted(Light, key=len, reverse=True)
_VIEWS = sorted(View, key=len, reverse=True)


@dataclass(frozen=True)
class Subject:
    """The photographs of one person: `NAME[_VIEW][_LIGHT].png`, view and light as `View` and `Light` spell them."""

    name: str
    pictures: dict[tuple[View | None, Light | None], Path] = field(default_factory=dict)

    @property
    def lights(self) -> frozenset[Light]:
        """Lights there is a picture for; a photograph that names none counts as `uncontrolled`."""
        return frozenset(light or Light.UNCONTROLLED for _, light in self.pictures)

    @property
    def views(self) -> int:
        """Number of different views."""
        return len({view for view, _ in self.pictures})

    def picture(self, view: View, light: Light | None) -> Path:
        """The picture for this view and light; one that names no view serves every view.

        `light` None takes any light, white before others. Raises `LightUnavailable` if there is none.
        """
        lights: tuple[Light | None, ...] = (Light.WHITE, None, *Light) if light is None else (light,)
        if light is Light.UNCONTROLLED:
            lights = (light, None)
        for wanted in lights:
            for named in (view, None):
                if path := self.pictures.get((named, wanted)):
                    return path
        if light is None and view is not View.UNSPECIFIED and self.pictures:
            return next(iter(self.pictures.values()))
        known = ", ".join(sorted(self.lights))
        raise LightUnavailable(
            f"no {light} picture of view {view} in the folder for {self.name}, lights are: {known}"
        )


def read_catalogue(folder: Path) -> tuple[Subject, ...]:
    """The subjects of a folder by name; raises `DeviceUnavailable` if it holds no picture."""
    if not folder.is_dir():
        raise DeviceUnavailable(f"there is no folder {folder}")
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    if not paths or len(paths) > MAX_PICTURES:
        kinds = ", ".join(sorted(SUFFIXES))
        raise DeviceUnavailable(
            f"{folder} holds {len(paths)} pictures ({kinds}), 1 to {MAX_PICTURES} are accepted"
        )
    return tuple(_subjects(paths))


def common_lights(subjects: Iterable[Subject]) -> frozenset[Light]:
    """The lights that every subject has a picture for."""
    return frozenset.intersection(*(subject.lights for subject in subjects))


def _subjects(paths: list[Path]) -> list[Subject]:
    subjects: dict[str, Subject] = {}
    for path in paths:
        stem, light = _split(path.stem, _LIGHTS)
        stem, view = _split(stem, _VIEWS)
        subject = subjects.setdefault(stem, Subject(stem))
        subject.pictures.setdefault((View(view) if view else None, Light(light) if light else None), path)
    return list(subjects.values())


def _split(stem: str, words: Iterable[str]) -> tuple[str, str | None]:
    for word in words:
        if stem.lower().endswith(f"_{word}") and len(stem) > len(word) + 1:
            return stem[: -len(word) - 1], word
    return stem, None
