"""Scalp hair as a smooth shell over the head plus strands that follow a flow field on it."""

from __future__ import annotations

import numpy as np

from phantom.fields import Field, f32, noise_at, ridge, smoothstep
from phantom.identity import Identity
from phantom.surface import Surface, Tube

Vector = tuple[Field, Field, Field]
_THICKNESS = {
    "bald": 0.0, "buzz": 0.8, "receding": 5.0, "short": 11.0, "side": 15.0, "up": 12.0, "curly": 15.0, "long": 14.0, "bob": 15.0, "fringe": 13.0,
}  # fmt: skip
_SIDE_SHARE = {"short": 0.42, "side": 0.5, "receding": 0.7, "curly": 0.9, "up": 0.6, "buzz": 1.0}
_PARTED = ("side", "long", "bob")
STRAND_LENGTH_MM = {
    "buzz": 2.5,
    "receding": 22.0,
    "short": 26.0,
    "side": 46.0,
    "up": 60.0,
    "curly": 20.0,
    "long": 80.0,
    "bob": 70.0,
    "fringe": 60.0,
}


class Hair:
    """The hair of one person on a given head."""

    def __init__(self, person: Identity, surface: Surface) -> None:
        self.person = person
        self.surface = surface
        self.offset = float(np.random.default_rng([person.seed, 51]).uniform(0, 900))
        self.curtain = _curtain(person) if person.hair_style in ("long", "bob") else None

    def line(self, x: Field, y: Field, z: Field) -> Field:
        """Signed mm to the hairline along the scalp: positive where hair grows."""
        p, ax = self.person, np.abs(x) * np.float32(1 / self.person.face_width)
        if p.hair_style == "bald":
            return np.full_like(x, -60.0)
        behind = smoothstep(-58, -88, z)
        front = np.minimum(y - self._front_edge(x, ax) * (1 - behind) - np.float32(22) * behind, 60)
        temple = f32(np.interp(y, [-60, -20, 10, 40, 60, 80], [-84, -78, -68, -58, -50, -40])) + np.float32(
            4 * (p.recession - 0.5)
        )
        sideburn, nape = np.float32(10 + 16 * p.recession), smoothstep(-94, -112, z)
        side = np.minimum(temple - z, y + sideburn * (1 - nape) + 26 * nape)
        return f32(np.maximum(front, side))

    def _front_edge(self, x: Field, ax: Field) -> Field:
        p = self.person
        height = p.hairline * p.face_length
        retreat = p.recession * (0.35 + 0.8 * p.age) if p.male else 0.25 * p.recession
        if p.hair_style == "receding":
            retreat, height = 1.1 + p.recession, height + 6 + 16 * p.hair_form
        edge = (
            np.float32(height)
            + np.float32(13 * retreat) * ridge(ax - 38, 15)
            - np.float32(0.016) * np.clip(ax - 22, 0, 42) ** 2
        )
        if p.hair_style == "fringe":
            edge = np.minimum(
                edge,
                np.float32(38 + 8 * p.hair_form) + np.float32(0.005) * (x - np.float32(0.5 * p.parting)) ** 2,
            )
        if p.hair_style in _PARTED and p.hair_form > 0.4:
            sweep = np.float32(-np.sign(p.parting)) * x
            edge = edge - np.float32(17 * p.hair_form) * smoothstep(-15, 58, sweep)
        return f32(edge)

    def thickness(self, y: Field, s: Field) -> Field:
        """Height of the shell over the scalp, mm, at `s` mm inside the hairline."""
        p = self.person
        full = _THICKNESS[p.hair_style] * (p.hair_thickness if p.hair_style != "buzz" else 1.0)
        share = np.float32(_SIDE_SHARE.get(p.hair_style, 0.7))
        return f32(
            np.float32(full)
            * (share + (1 - share) * smoothstep(20, 95, y))
            * smoothstep(-3, 12 + 1.3 * full + 0.6 * p.hair_softness, s)
        )

    def distance(self, x: Field, y: Field, z: Field) -> Field:
        """Signed distance of the shell (the bald head where no hair grows)."""
        shell = self.surface.head(x, y, z) - self.thickness(y, self.line(x, y, z)) - self._lumps(x, y, z)
        if self.curtain is None:
            return f32(shell)
        return f32(np.minimum(shell, self._curtain_distance(x, y, z)))

    def _lumps(self, x: Field, y: Field, z: Field) -> Field:
        if self.person.hair_style != "curly":
            return np.zeros_like(x)
        o = np.float32(self.offset)
        rough = noise_at("smooth", x * np.float32(1.6) + o, (y + np.float32(0.7) * z) * np.float32(1.6))
        return f32(np.float32(1.3) * rough * smoothstep(0, 12, self.line(x, y, z)))

    def _curtain_distance(self, x: Field, y: Field, z: Field) -> Field:
        assert self.curtain is not None
        p, o = self.person, np.float32(self.offset)
        wave = noise_at("smooth", y * np.float32(0.7) + o, z * np.float32(0.5) + x * np.float32(0.4) + o)
        xs = x + wave * np.float32(1.0 + 3.0 * p.curl)
        blunt = np.where(z > -92, -92 + (z + 92) * np.float32(0.75), z)
        d = self.curtain.distance(f32(xs), y, f32(blunt))
        ragged = np.float32(1.8) * noise_at("smooth", x * np.float32(1.3) + o, z * np.float32(1.3))
        ends = np.maximum(np.float32(_bottom(p) - 15) + ragged - y, y - np.float32(131))
        return f32((np.maximum(d, ends) - wave * np.float32(0.6)) * np.float32(0.8))

    def on_curtain(self, x: Field, y: Field, z: Field) -> Field:
        """1 where a point of the shell belongs to hair that hangs free of the head, else 0."""
        if self.curtain is None:
            return np.zeros_like(x)
        return f32(self._curtain_distance(x, y, z) < 0.6)

    def region(self, x: Field, y: Field, z: Field) -> Field:
        """Positive where the shell may be hair: near or inside the hairline, or hanging free."""
        return f32(np.maximum(self.line(x, y, z) + 9, self.on_curtain(x, y, z)))

    def flow(self, x: Field, y: Field, z: Field) -> Vector:
        """Direction in which hair lies at a point, before projection on the surface; not normalised."""
        p = self.person
        top = smoothstep(25, 85, y)
        if p.hair_style in ("short", "receding", "buzz", "up"):
            lean = np.float32(0.35 * np.sign(p.parting)) if p.hair_style == "short" else np.float32(0)
            rise = smoothstep(-70, -20, z) * np.float32(0.9)
            back = np.float32(-1.0)
            if p.hair_style == "up":
                return lean - x * np.float32(0.004), f32(np.float32(0.35) + rise), np.full_like(x, back)
            return (
                f32(lean * top),
                f32(top * rise - (1 - top) * np.float32(0.9)),
                f32(top * back - (1 - top) * np.float32(0.45)),
            )
        if p.hair_style in _PARTED:
            out = np.tanh((x - np.float32(p.parting)) * np.float32(1 / 12))
            return (
                f32(top * out),
                f32(-np.float32(0.12) * top - (1 - top)),
                f32(top * np.float32(0.18) - (1 - top) * np.float32(0.10)),
            )
        cx, cz = x - np.float32(0.4 * p.parting), z + np.float32(98)
        r = np.sqrt(cx * cx + cz * cz) + np.float32(6)
        return f32(cx / r), f32(-np.float32(0.25) - (1 - top) * np.float32(0.9)), f32(cz / r)


def _bottom(p: Identity) -> float:
    return -62 - 26 * p.hair_form if p.hair_style == "bob" else p.hair_bottom


def _curtain(p: Identity) -> Tube:
    t, end = 4.0 * p.hair_thickness, _bottom(p)
    front = -46 - 12 * p.recession
    width = [
        (150, 4), (132 + t * 0.6, 20), (120 + t * 0.6, 48), (95, 70 + t * 0.6), (50, 80 + t * 0.8), (0, 83 + t), (-50, 85 + t),
        (max(end + 25, -100) if end < -60 else -52, 84 + t), (end, 77 + t), (end - 16, 68 + t),
    ]  # fmt: skip
    return Tube.through(
        width,
        [
            (150, -88),
            (132, -72),
            (110, -56),
            (60, front - 4),
            (0, front),
            (-42, front),
            (-80, -80),
            (-110, -86),
            (-420, -88),
        ],
        [(150, -90), (0, -92), (end - 16, -92)],
        [(150, -95), (120, -150), (60, -200), (-60, -195), (end, -180), (end - 16, -100)],
    )
