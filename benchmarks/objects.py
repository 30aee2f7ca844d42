"""The DICOM objects of a visit of four lights at 24 megapixels, beside the time that the codec of its photos takes alone."""

import asyncio
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from dermabooth import resources
from server.analysis import WHOLE_FACE, LayerMap, find_lesions
from server.dicom import encoded, jpegls, warm_up
from server.inference import model_infos
from server.pipeline import Examination, Identity, ObjectMaker, Tracking, as_layers
from server.pipeline.heat import HEAT, heat_maps
from server.pipeline.marked import marked_findings
from station.protocol import Box, Face, FrameHeader, Layer, Light, Measure, Patient, View, derived_uid

GOAL = 1.5
ROUNDS = 3
HEIGHT, WIDTH = 6000, 4000
LIGHTS = (Light.WHITE, Light.CROSS_POLARISED, Light.PARALLEL_POLARISED, Light.UV)
NOISE = 2.5
"""Standard deviation of the camera's noise, DN."""
_SHOWN = {
    Light.WHITE: (Layer.SEVERITY, Layer.ACNE, Layer.CONDITION_TEXTURE, Layer.CONDITION_LENTIGO),
    Light.PARALLEL_POLARISED: (Layer.SPOTS, Layer.TROUBLE, Layer.WRINKLES, Layer.PORES),
}
_FACE = Face(box=Box(800, 1200, 2400, 3200), source="detected")

Row = dict[str, Any]
Picture = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Still:
    """What the analysis of one picture gave."""

    identity: Identity
    srgb: Picture
    layers: dict[Layer, LayerMap]
    skin: Examination


async def measure(rounds: int = ROUNDS) -> list[Row]:
    """One row; about a minute and 2 GB of memory."""
    return [await asyncio.to_thread(_row, rounds)]


def _row(rounds: int) -> Row:
    cv2.setNumThreads(1)
    warm_up()
    maker = ObjectMaker(model_infos(resources.triton_models()), "benchmark", Tracking(bytes(32)))
    stills = list(_visit())
    codec, parts = [], []
    for _ in range(rounds):
        codec.append(_seconds_of_codec(stills))
        parts.append(_seconds_of_objects(maker, stills))
    ratio = statistics.median(sum(each.values()) / alone for each, alone in zip(parts, codec, strict=True))
    words = ", ".join(f"{name} {statistics.median(each[name] for each in parts):.2f} s" for name in parts[0])
    return {
        "name": "all objects of a visit of four lights, 24 MP / their JPEG-LS codec alone",
        "value": round(ratio, 2),
        "unit": "ratio",
        "goal": f"<= {GOAL}",
        "met": ratio <= GOAL,
        "context": f"codec {statistics.median(codec):.2f} s; {words}; one thread, processor time",
    }


def _seconds_of_codec(stills: list[Still]) -> float:
    began = time.process_time()
    for still in stills:
        jpegls.encode(still.srgb)
    return time.process_time() - began


def _seconds_of_objects(maker: ObjectMaker, stills: list[Still]) -> dict[str, float]:
    """Seconds of the processor for each kind of object, made and encoded."""
    seconds = dict.fromkeys(("photos", "masks", "heat maps", "reports", "overlays"), 0.0)

    def timed(name: str, make: Any, *args: Any, **more: Any) -> Any:
        began = time.process_time()
        made = make(*args, **more)
        encoded(made)
        seconds[name] += time.process_time() - began
        return made

    for one in stills:
        photo = timed("photos", maker.photo, one.identity, one.srgb, None)
        masks = timed("masks", maker.segmentation, one.identity, photo, one.layers, one.skin)
        found = heat_maps(one.layers, one.skin.measures, one.identity.header)
        heat = None
        if found:
            heat = timed("heat maps", maker.heat_maps, one.identity, photo, found), found
        timed("reports", maker.report, one.identity, photo, masks, one.skin, None, heat=heat)
        skin = one.layers[Layer.SKIN].pixels
        timed("overlays", maker.overlay, one.identity, photo, one.srgb, skin, one.skin.findings)
    return seconds


def _visit() -> Iterator[Still]:
    rng = np.random.default_rng(0)
    skin = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.ellipse(skin, (WIDTH // 2, HEIGHT // 2 - 200), (1150, 1500), 0, 0, 360, 255, cv2.FILLED)
    for number, light in enumerate(LIGHTS, start=1):
        header = FrameHeader(
            frame_id=number, width=WIDTH, height=HEIGHT, light=light, view=View.FRONT, px_per_mm=15.0
        )
        maps = {layer: _heat(rng, skin) for layer in _SHOWN.get(light, ())}
        pigment = {one: _rough(rng) for one in (Layer.MELANIN, Layer.REDNESS) if light is not Light.UV}
        layers = as_layers({Layer.SKIN: skin, **pigment, **maps})
        measures = tuple(_measures(maps))
        findings = (*find_lesions(layers, _FACE, header), *marked_findings(layers, measures, header))
        yield Still(_identity(number, header), _picture(rng), layers, Examination(measures, findings))


def _picture(rng: np.random.Generator) -> Picture:
    """Shading with a camera's noise."""
    rough = rng.integers(60, 200, (30, 20, 3)).astype(np.uint8)
    smooth = cv2.resize(rough, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    noise = np.empty((HEIGHT, WIDTH, 3), np.int8)
    for row in range(0, HEIGHT, 500):
        noise[row : row + 500] = np.rint(rng.normal(0, NOISE, (500, WIDTH, 3)))
    return np.asarray(cv2.add(smooth, noise, dtype=cv2.CV_8U), np.uint8)


def _heat(rng: np.random.Generator, skin: Picture) -> Picture:
    """A map as a model of 64 cells a side gives it, drawn up to the picture, on the skin."""
    cells = np.maximum(rng.normal(-60, 90, (64, 64)), 0).clip(0, 255).astype(np.uint8)
    return np.where(skin > 0, cv2.resize(cells, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR), np.uint8(0))


def _rough(rng: np.random.Generator) -> Picture:
    cells = rng.integers(60, 130, (HEIGHT // 16, WIDTH // 16)).astype(np.uint8)
    return np.asarray(cv2.resize(cells, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC), np.uint8)


def _measures(maps: dict[Layer, Picture]) -> Iterator[Measure]:
    """As many as a picture has, among them one for each map."""
    for kind in HEAT:
        if kind.layer in maps:
            name = kind.measured if not kind.measured.endswith("_") else f"{kind.measured}area"
            yield Measure(region=WHOLE_FACE, name=name, value=0.5, unit="1", method="model/1")
    for region in (WHOLE_FACE, "forehead", "left_cheek", "right_cheek", "nose", "chin", "perioral"):
        for number in range(40):
            yield Measure(region=region, name=f"measure_{number}", value=number / 7, unit="%", method="m/1")


def _identity(number: int, header: FrameHeader) -> Identity:
    return Identity(
        patient=Patient(patient_id="P-1", patient_name="Doe^Jane"),
        study_instance_uid=derived_uid("benchmark"),
        series_instance_uid=derived_uid("benchmark", "series", str(number)),
        sop_instance_uid=derived_uid("benchmark", "photo", str(number)),
        series_number=number,
        instance_number=1,
        header=header,
        study_at=datetime(2025, 3, 1, tzinfo=UTC),
    )
