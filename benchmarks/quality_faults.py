"""Faults of known size, and what the measures say of them."""

import math
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.quality_phantom import HEIGHT, WIDTH, Head, Mask, Plane, Shot, blob, turned
from benchmarks.quality_trials import Draw, Fault, Spoilt, seed
from station.protocol import Box, Frame, FrameHeader, HeadPose, Light, Transfer
from station.quality import (
    FACE,
    HIGHLIGHT,
    ZONES,
    Baseline,
    Guide,
    Reading,
    Sample,
    against_baseline,
    clipping,
    illumination_uniformity,
    luminance,
    polarised_pair,
    polariser_leak,
    pose_against_guide,
    sharpness,
    specular_reflection,
    tab_exposure,
    take_sample,
    zone_mask,
)

LANDMARK_ERROR_PX = 0.5
_WHOLE = Box(0, 0, WIDTH, HEIGHT)
_CLIPPED = 250 / 255
_Y_NOISE = float((np.array([0.2126, 0.7152, 0.0722]) ** 2).sum())
_TAB, _READ = 0.2, 3.0


def _sample(frame: Frame, head: Head) -> Sample:
    return take_sample(frame, head.face.box, head.skin)


def _of(readings: tuple[Reading, ...], name: str) -> Reading:
    return next(reading for reading in readings if reading.name == name)


def _too_little(head: Head, size: float, limit: float, rng: Draw) -> Spoilt:
    return _exposed(head, -size * limit, limit, rng)


def _too_much(head: Head, size: float, limit: float, rng: Draw) -> Spoilt:
    """From where the tab is white on, the truth is the least that a white tab means."""
    return _exposed(head, size * limit, limit, rng)


def _exposed(head: Head, stops: float, limit: float, rng: Draw) -> Spoilt:
    frame = Shot(stops=stops).take(head, head.white.linear, seed(rng))
    reading = _of(tab_exposure(_sample(frame, head)), "neutral_tab_exposure")
    return Spoilt(reading, min(stops, -math.log2(_TAB)), abs(stops) / limit)


def _overexposure(head: Head, size: float, limit: float, rng: Draw) -> Spoilt:
    outline = cv2.bitwise_and(zone_mask(head.face.box, FACE, _WHOLE), head.skin)
    forehead, area = _zone(head, "forehead"), cv2.countNonZero(outline)
    wanted = size * limit / 100 * area / max(cv2.countNonZero(forehead), 1)
    radiance = head.white.linear + blob(head, forehead, wanted, 2.0)[..., None]
    seen = cv2.GaussianBlur(radiance, (0, 0), Shot().blur_px).max(axis=2)
    share = 100 * np.count_nonzero((seen >= _CLIPPED) & (outline > 0)) / max(area, 1)
    frame = Shot().take(head, np.asarray(radiance, np.float32), seed(rng))
    return Spoilt(clipping(_sample(frame, head)), share, share / limit)


def _reflection(head: Head, size: float, limit: float, rng: Draw) -> Spoilt:
    zones = {name: _zone(head, name) for name in ("forehead", "left_cheek", "right_cheek", "chin")}
    name = str(rng.choice(["forehead", "left_cheek", "right_cheek"]))
    own = head.white.maps["specular"]
    share = size * limit / 100 - _share(own > HIGHLIGHT, zones[name])
    added = blob(head, zones[name], max(share, 0.0), float(rng.uniform(0.25, 0.5)))
    hot = own + added > HIGHLIGHT
    truth = 100 * max(_share(hot, zone) for zone in zones.values())
    frame = Shot().take(head, np.asarray(head.white.linear + added[..., None], np.float32), seed(rng))
    return Spoilt(specular_reflection(_sample(frame, head)), truth, truth / limit)


def _blur(head: Head, size: float, limit: float, rng: Draw) -> Spoilt:
    """The limit as blur is where the picture without noise would just warn."""
    at_limit = _blur_at(head, limit)
    sigma = max(size * at_limit, 0.3)
    frame = Shot(blur_px=sigma).take(head, head.white.linear, seed(rng))
    return Spoilt(sharpness(_sample(frame, head))[0], _detail(head, sigma), sigma / at_limit)


def _noise(head: Head, size: float, limit: float, rng: Draw) -> Spoilt:
    decibels = limit - 20 * math.log10(max(size, 0.25))
    well = _Y_NOISE * 10 ** (decibels / 10) / _TAB
    variance = _Y_NOISE * ((_READ / well) ** 2 + _TAB / well)
    truth = 10 * math.log10(_TAB**2 / variance)
    frame = Shot(full_well=well).take(head, head.white.linear, seed(rng))
    reading = _of(tab_exposure(_sample(frame, head)), "noise")
    return Spoilt(reading, truth, 10 ** ((limit - truth) / 20))


def _cast(head: Head, size: float, limit: float, rng: Draw) -> Spoilt:
    share = size * limit / 100 * rng.choice([-1, 1])
    balance = (1 + share, 1.0, 1.0) if rng.random() < 0.5 else (1.0, 1.0, 1 + share)
    frame = Shot(balance=balance).take(head, head.white.linear, seed(rng))
    reading = _of(tab_exposure(_sample(frame, head)), "color_cast")
    return Spoilt(reading, 100 * abs(share), 100 * abs(share) / limit)


def _uneven(head: Head, size: float, limit: float, rng: Draw) -> Spoilt:
    box = head.face.box
    wanted = size * limit * rng.choice([-1, 1])
    slope = (wanted - _sides(head, head.white.linear)) / 0.48
    across = (np.arange(WIDTH) - box.x - box.width / 2) / box.width
    gain = np.exp(slope * np.clip(across, -0.6, 0.6))
    radiance = np.asarray(0.6 * head.white.linear * gain[None, :, None], np.float32)
    truth = abs(_sides(head, radiance))
    reading = illumination_uniformity(_sample(Shot().take(head, radiance, seed(rng)), head))[0]
    return Spoilt(reading, truth, truth / limit)


def _pose(head: Head, size: float, limit: float, rng: Draw) -> Spoilt:
    angle = size * limit
    face = turned(head, _turn(angle, rng), rng, LANDMARK_ERROR_PX)
    return Spoilt(pose_against_guide(face, Guide()), angle, size)


def _pose_change(head: Head, size: float, limit: float, rng: Draw) -> Spoilt:
    angle, before = size * limit, HeadPose(yaw=rng.uniform(-4, 4), pitch=rng.uniform(-4, 4), roll=0.0)
    turn = _turn(angle, rng)
    after = HeadPose(yaw=before.yaw + turn.yaw, pitch=before.pitch + turn.pitch, roll=before.roll + turn.roll)
    first, second = (turned(head, pose, rng, LANDMARK_ERROR_PX) for pose in (before, after))
    frame = _blank()
    return Spoilt(against_baseline(second, frame, Baseline(frame, first))[0], angle, size)


def _polariser(head: Head, size: float, limit: float, rng: Draw) -> Spoilt:
    leak = min(size * limit / 100, 1.0)
    parallel = head.scenes[Light.PARALLEL_POLARISED, 0.0].linear
    frames = (
        Shot().take(head, head.crossed(leak), seed(rng), Light.CROSS_POLARISED),
        Shot().take(head, parallel, seed(rng), Light.PARALLEL_POLARISED),
    )
    first, second = (_sample(frame, head) for frame in frames)
    pair = polarised_pair(first, second)
    assert pair is not None
    reading = polariser_leak(pair, first.region)
    return Spoilt(reading, 100 * leak, 100 * leak / limit)


FAULTS: Final = (  # what the pixels tell, and landmarks that are known
    Fault("under-exposed", "neutral_tab_exposure", 0.05, _too_little, largest=6.0),
    Fault("over-exposed", "neutral_tab_exposure", 0.05, _too_much, largest=8.5, above=True),
    Fault("over-exposed skin", "overexposure", 0.1, _overexposure),
    Fault("reflection", "specular_reflection", 2.0, _reflection, largest=12.0),
    Fault("blur", "sharpness", 0.02, _blur),
    Fault("noise", "noise", 0.5, _noise),
    Fault("colour cast", "color_cast", 0.5, _cast),
    Fault("uneven light", "illumination_uniformity", 0.03, _uneven),
    Fault("pose", "head_pose", 5.0, _pose),
    Fault("pose against the first visit", "pose_change", 2.5, _pose_change),
    Fault("polariser turned", "polariser", 15.0, _polariser, Light.CROSS_POLARISED),
)


def _turn(angle: float, rng: Draw) -> HeadPose:
    axis, signed = rng.integers(3), float(angle * rng.choice([-1, 1]))
    turns = [signed if index == axis else 0.0 for index in range(3)]
    return HeadPose(yaw=turns[0], pitch=turns[1], roll=turns[2])


def _zone(head: Head, name: str) -> Mask:
    return np.asarray(cv2.bitwise_and(zone_mask(head.face.box, ZONES[name], _WHOLE), head.skin), np.uint8)


def _share(where: npt.NDArray[np.bool_], zone: Mask) -> float:
    return float(np.count_nonzero(where & (zone > 0)) / max(cv2.countNonZero(zone), 1))


def _sides(head: Head, radiance: Plane) -> float:
    """True ln(Y left / Y right) of the cheeks."""
    y = luminance(radiance)
    left, right = (float(np.median(y[_zone(head, f"{side}_cheek") > 0])) for side in ("left", "right"))
    return math.log(left / right)


@lru_cache(maxsize=1)
def _blur_at(head: Head, ratio: float) -> float:
    """The blur in px that leaves a picture without noise this detail ratio."""
    sigmas = np.array([0.5, 0.7, 0.9, 1.1, 1.3, 1.6, 2.0, 2.5])
    ratios = np.array([_detail(head, sigma) for sigma in sigmas])
    return float(np.interp(-ratio, -ratios, sigmas))


def _detail(head: Head, sigma: float) -> float:
    """The detail ratio of a picture without noise."""
    light = np.clip(cv2.GaussianBlur(head.white.linear, (0, 0), sigma), 0, 1)
    header = FrameHeader(
        frame_id=0,
        width=WIDTH,
        height=HEIGHT,
        bit_depth=16,
        transfer=Transfer.LINEAR,
        white_level=65535,
        light=Light.WHITE,
    )
    frame = Frame(header, np.rint(light * 65535).astype(np.uint16))
    return sharpness(_sample(frame, head))[0].value or 0.0


def _blank() -> Frame:
    header = FrameHeader(frame_id=0, width=WIDTH, height=HEIGHT)
    return Frame(header, np.zeros((HEIGHT, WIDTH, 3), np.uint8))
