"""Lesions and marks painted on a face of 1.3 px/mm: what counts as acne, and what only looks like it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from phantom.complexion.law import Law
from phantom.complexion.plate import PX_PER_MM, SIDE
from phantom.fields import Field, f32

AcneKind = Literal["papule", "pustule", "open_comedo", "closed_comedo"]
INFLAMMATORY: tuple[AcneKind, ...] = ("papule", "pustule")
HAYASHI = (0, 5, 20, 50)
"""most inflammatory lesions of grades 0 to 3; more are grade 4"""
_COUNTS = ((0, 0), (1, 5), (6, 20), (21, 50), (51, 90))
_TRIES = 12
_CLUSTER_PX = 16.0


def hayashi_grade(count: int) -> int:
    """Severity 0..4 of a face with `count` inflammatory lesions: none, 1-5, 6-20, 21-50, more than 50.

    N. Hayashi et al., "Establishment of grading criteria for acne severity", J. Dermatol. 35 (2008) 255-260,
    whose limits (for half a face) are taken for the face seen.
    """
    return sum(count > limit for limit in HAYASHI)


@dataclass(frozen=True)
class Spot:
    """Where one lesion lies: centre and radius in px."""

    kind: AcneKind
    y: float
    x: float
    radius: float


@dataclass
class SkinState:
    """What is added to a head's own skin, (224, 224) each."""

    log_melanin: Field = field(default_factory=lambda: np.zeros((SIDE, SIDE), np.float32))
    log_blood: Field = field(default_factory=lambda: np.zeros((SIDE, SIDE), np.float32))
    inflamed: Field = field(default_factory=lambda: np.zeros((SIDE, SIDE), np.float32))
    """log gain of blood of inflammatory lesions alone"""
    pus: Field = field(default_factory=lambda: np.zeros((SIDE, SIDE), np.float32))
    dark: Field = field(default_factory=lambda: np.zeros((SIDE, SIDE), np.float32))
    """share of light lost in plugs and hairs"""
    height: Field = field(default_factory=lambda: np.zeros((SIDE, SIDE), np.float32))
    """relief, px"""
    lesions: list[Spot] = field(default_factory=list)


def wanted_count(rng: np.random.Generator, grade: int) -> int:
    """How many inflammatory lesions a face of `grade` is given."""
    low, high = _COUNTS[grade]
    return int(rng.integers(low, high + 1))


class Painter:
    """Puts lesions and marks on bare skin by the law."""

    def __init__(self, rng: np.random.Generator, law: Law, site: NDArray[np.bool_]) -> None:
        self.rng, self.law = rng, law
        self.site = site
        self.rows, self.cols = np.nonzero(site)
        self.state = SkinState()
        self._edge, self._elongation = law.draw(rng, "edge"), law.draw(rng, "elongation")
        self._dose, self._radius = law.draw(rng, "dose"), law.draw(rng, "radius")

    def paint(self, inflammatory: int, *, male: bool) -> SkinState:
        """The whole state; fewer lesions than asked for where they find no room."""
        self._inflammation(inflammatory)
        self._comedones(self.law.count(self.rng, "comedones"))
        self._marks(self.law.count(self.rng, "marks"))
        self._pigment(self.law.count(self.rng, "pigment_spots"))
        self._vessels(self.law.count(self.rng, "telangiectasias"))
        if male and self.rng.random() < 0.5:
            self._stubble(self.law.draw(self.rng, "stubble"))
        return self.state

    def _places(self, count: int, clustered: float = 0.0) -> list[tuple[float, float]]:
        """Up to `count` bare places, a share of them about three centres."""
        rng, n = self.rng, _TRIES * count
        if count == 0 or self.rows.size == 0:
            return []
        index = rng.integers(self.rows.size, size=n)
        centre = rng.integers(self.rows.size, size=3)[rng.integers(3, size=n)]
        near = rng.random(n) < clustered
        y = np.where(
            near, self.rows[centre] + rng.normal(0, _CLUSTER_PX, n), self.rows[index] + rng.random(n)
        )
        x = np.where(
            near, self.cols[centre] + rng.normal(0, _CLUSTER_PX, n), self.cols[index] + rng.random(n)
        )
        r, c = np.clip(y.astype(int), 0, SIDE - 1), np.clip(x.astype(int), 0, SIDE - 1)
        bare = self.site[r, c] & (y >= 0) & (x >= 0)
        return [(float(a), float(b)) for a, b in zip(y[bare], x[bare], strict=True)]

    def _spaced(self, count: int, radius: tuple[float, float], clustered: float) -> list[tuple[float, ...]]:
        """(y, x, radius px) of lesions that hardly overlap those there are."""
        taken = [(s.y, s.x, s.radius) for s in self.state.lesions]
        found: list[tuple[float, ...]] = []
        for y, x in self._places(count, clustered):
            r = self.rng.uniform(*radius) * PX_PER_MM
            if len(found) < count and all(
                (y - a) ** 2 + (x - b) ** 2 > (0.9 * (r + s)) ** 2 for a, b, s in taken
            ):
                found.append((y, x, r))
                taken.append((y, x, r))
        return found

    def _inflammation(self, count: int) -> None:
        state, rng = self.state, self.rng
        share = self.law.draw(rng, "clustering")
        for y, x, r in self._spaced(count, (0.8 * self._radius, 1.2 * self._radius), share):
            window, q = self._distance(y, x, r)
            dose = self._dose * rng.uniform(0.8, 1.25)
            state.inflamed[window] += np.float32(dose) * self._rim(q)
            state.height[window] += np.float32(0.3 * r) * np.exp(-((q / np.float32(0.8)) ** 2))
            ripe = rng.random() < 0.3
            if ripe:
                cap = np.exp(-((q / np.float32(rng.uniform(0.4, 0.55))) ** 2))
                state.pus[window] = np.maximum(state.pus[window], cap)
            state.lesions.append(Spot("pustule" if ripe else "papule", y, x, r))

    def _comedones(self, count: int) -> None:
        state, rng = self.state, self.rng
        for y, x, r in self._spaced(count, (0.35, 0.75), 0.3):
            window, q = self._distance(y, x, r)
            level = self._rim(q)
            if rng.random() < 0.5:
                state.dark[window] = np.maximum(state.dark[window], np.float32(rng.uniform(0.3, 0.7)) * level)
                state.lesions.append(Spot("open_comedo", y, x, r))
            else:
                state.height[window] += np.float32(0.5 * r) * np.exp(-(q * q))
                state.log_blood[window] -= np.float32(rng.uniform(0.15, 0.4)) * level
                state.lesions.append(Spot("closed_comedo", y, x, r))

    def _marks(self, count: int) -> None:
        """Flat, brownish to reddish, wide-edged: what healed lesions leave."""
        for y, x in self._places(count)[:count]:
            window, q = self._distance(y, x, self.rng.uniform(1.2, 3.0) * PX_PER_MM, 1.6)
            level = self._rim(q, 1.6)
            self.state.log_blood[window] += np.float32(self.rng.uniform(0.12, 0.32)) * level
            self.state.log_melanin[window] += np.float32(self.rng.uniform(0.0, 0.35)) * level

    def _pigment(self, count: int) -> None:
        for y, x in self._places(count)[:count]:
            window, q = self._distance(y, x, self.rng.uniform(0.6, 2.4) * PX_PER_MM)
            gain = np.float32(self.rng.uniform(0.3, 1.2)) * self._rim(q)
            self.state.log_melanin[window] = np.maximum(self.state.log_melanin[window], gain)

    def _vessels(self, count: int) -> None:
        """Short red lines thinner than a lesion."""
        rng = self.rng
        for y, x in self._places(count)[:count]:
            turn, bend = rng.uniform(0, np.pi), rng.uniform(-0.03, 0.03)
            window, dy, dx = self._window(y, x, 8)
            along, across = (
                dx * np.cos(turn) + dy * np.sin(turn),
                dy * np.cos(turn) - dx * np.sin(turn),
            )
            line = np.exp(-(((across - bend * along**2) / 0.6) ** 2) - (along / rng.uniform(2.5, 5.0)) ** 4)
            self.state.log_blood[window] += np.float32(rng.uniform(0.3, 0.8)) * f32(line)

    def _stubble(self, share: float) -> None:
        rows = np.arange(SIDE, dtype=np.float32)[:, None]
        beard = np.clip((rows - 138) / 12, 0, 1) * self.site
        dots = self.rng.random((SIDE, SIDE), dtype=np.float32)
        self.state.dark = f32(np.maximum(self.state.dark, beard * np.float32(share) * (0.4 + 1.2 * dots)))

    def _window(self, y: float, x: float, reach: int) -> tuple[tuple[slice, slice], Field, Field]:
        r0, r1 = max(0, int(y) - reach), min(SIDE, int(y) + reach + 1)
        c0, c1 = max(0, int(x) - reach), min(SIDE, int(x) + reach + 1)
        dy = np.arange(r0, r1, dtype=np.float32)[:, None] + np.float32(0.5 - y)
        dx = np.arange(c0, c1, dtype=np.float32)[None] + np.float32(0.5 - x)
        return (slice(r0, r1), slice(c0, c1)), dy, dx

    def _distance(
        self, y: float, x: float, radius: float, reach: float = 1.0
    ) -> tuple[tuple[slice, slice], Field]:
        """A window and the distance from the spot's centre in it, 1 on the rim."""
        rng = self.rng
        window, dy, dx = self._window(y, x, int(radius * 2.2 * reach) + 3)
        turn, k = rng.uniform(0, np.pi), np.sqrt(self._elongation)
        c, s = np.float32(np.cos(turn)), np.float32(np.sin(turn))
        a, b = (c * dx + s * dy) * np.float32(1 / k), (c * dy - s * dx) * np.float32(k)
        lobes = 1 + np.float32(rng.uniform(0, 0.1)) * np.cos(
            3 * np.arctan2(b, a) + np.float32(rng.uniform(0, 6))
        )
        return window, f32(np.sqrt(a * a + b * b) / lobes * np.float32(1 / radius))

    def _rim(self, q: Field, softness: float = 1.0) -> Field:
        """1 inside, 0.5 on the rim, 0 outside."""
        return f32(1 / (1 + np.exp(np.clip((q - 1) * np.float32(1 / (self._edge * softness)), -30, 30))))
