"""AcquisitionContextSequence of a photograph (PS3.3 section C.7.6.14): light, view, exposure and the quality record.

The items of a quality measure share the end of their code value: the measure itself, `LIMIT …`, `VERDICT …`,
`ADVICE …`.
"""

from collections.abc import Iterator

from pydicom.dataset import Dataset
from pydicom.sr.coding import Code
from pydicom.valuerep import DSfloat

from server.dicom import codes
from server.dicom.units import NO_UNITS, unit_code
from station.protocol import Conditions, Exposure, FrameHeader, Light, QualityMeasure, QualityReport

_UC_LENGTH = 1024


def acquisition_context(
    header: FrameHeader,
    quality: QualityReport | None,
    *,
    uv_wavelength_nm: float | None = None,
    conditions: Conditions = Conditions(),  # noqa: B008
    override: str = "",
) -> list[Dataset]:
    """The items for a picture; what is not known has no item."""
    return [
        *_light(header.light, uv_wavelength_nm),
        _code(codes.IMAGE_VIEW, codes.VIEW[header.view]),
        _code(codes.SKIN_PREPARATION, codes.PREPARATION[header.preparation]),
        *_conditions(conditions),
        _number(codes.LIGHT_STEP, header.step, NO_UNITS),
        _number(codes.FRAME_ID, header.frame_id, NO_UNITS),
        _number(codes.MASTER_BIT_DEPTH, header.bit_depth, unit_code("bit")),
        *_exposure(header.requested, codes.REQUESTED_TIME, codes.REQUESTED_GAIN),
        *_exposure(header.actual, codes.ACTUAL_TIME, codes.ACTUAL_GAIN),
        *_calibration(header),
        *((_text(codes.OVERRIDE, override),) if override else ()),
        *(_quality(quality) if quality is not None else ()),
    ]


def is_calibrated(header: FrameHeader) -> bool:
    """Whether sizes in millimetres may be written."""
    return header.px_per_mm is not None and bool(header.calibration)


def calibration_of(photo: Dataset) -> str:
    """Name of the calibration record that a photograph rests on; empty for one that is not calibrated."""
    for item in photo.get("AcquisitionContextSequence", ()):
        if item.ConceptNameCodeSequence[0].CodeValue == codes.CALIBRATION.value:
            return str(item.TextValue)
    return ""


def _light(light: Light, uv_wavelength_nm: float | None) -> Iterator[Dataset]:
    coded = codes.ILLUMINATION[light]
    yield _code(codes.ILLUMINATION_METHOD, coded.method)
    if coded.band is not None:
        yield _code(codes.SPECTRAL_BAND, coded.band)
    if coded.filter is not None:
        yield _code(codes.POLARIZING_FILTER, coded.filter)
    if coded.polariser_angle_deg is not None:
        yield _number(codes.POLARISER_ANGLE, coded.polariser_angle_deg, unit_code("deg"))
    if light is Light.UV and uv_wavelength_nm is not None:
        yield _number(codes.WAVELENGTH, uv_wavelength_nm, unit_code("nm"))


def _conditions(conditions: Conditions) -> Iterator[Dataset]:
    if conditions.acclimatised_min is not None:
        yield _number(codes.ACCLIMATISED, conditions.acclimatised_min, unit_code("min"))
    if conditions.room_c is not None:
        yield _number(codes.ROOM_TEMPERATURE, conditions.room_c, unit_code("°C"))
    if conditions.humidity_pct is not None:
        yield _number(codes.ROOM_HUMIDITY, conditions.humidity_pct, unit_code("%"))
    if conditions.products:
        yield _text(codes.SKIN_PRODUCTS, conditions.products)


def _exposure(exposure: Exposure | None, time: Code, gain: Code) -> Iterator[Dataset]:
    if exposure is not None:
        yield _number(time, exposure.time_s, unit_code("s"))
        yield _number(gain, exposure.gain_db, unit_code("dB"))


def _calibration(header: FrameHeader) -> Iterator[Dataset]:
    if header.calibration:
        yield _text(codes.CALIBRATION, header.calibration)
    if header.color_refused:
        yield _text(codes.COLOUR_REFUSED, header.color_refused)
    if header.scale_refused:
        yield _text(codes.SCALE_REFUSED, header.scale_refused)
    if is_calibrated(header) and header.px_per_mm is not None:
        yield _number(codes.SCALE, header.px_per_mm, unit_code("px/mm"))


def _quality(quality: QualityReport) -> Iterator[Dataset]:
    yield _code(codes.QUALITY_ASSESSMENT, codes.PICTURE_VERDICT[quality.verdict])
    yield _text(codes.QUALITY_PROFILE, quality.profile)
    yield _text(codes.QUALITY_RECIPE, quality.recipe)
    yield _text(codes.THRESHOLD_VERSION, quality.threshold_version)
    for measure in quality.measures:
        yield from _quality_measure(measure)


def _quality_measure(measure: QualityMeasure) -> Iterator[Dataset]:
    region = "" if measure.region == "picture" else measure.region
    unit = unit_code(measure.unit)
    if measure.value is not None:
        yield _number(codes.named(measure.name, region=region), measure.value, unit)
    if measure.threshold is not None:
        yield _number(codes.named(measure.name, region=region, prefix="limit"), measure.threshold, unit)
    verdict = codes.named(measure.name, region=region, prefix="verdict")
    yield _code(verdict, codes.MEASURE_VERDICT[measure.verdict])
    if measure.advice:
        yield _text(codes.named(measure.name, region=region, prefix="advice"), measure.advice)


def _item(value_type: str, name: Code) -> Dataset:
    item = Dataset()
    item.ValueType = value_type
    item.ConceptNameCodeSequence = [codes.code_item(name)]
    return item


def _code(name: Code, value: Code) -> Dataset:
    item = _item("CODE", name)
    item.ConceptCodeSequence = [codes.code_item(value)]
    return item


def _number(name: Code, value: float, unit: Code) -> Dataset:
    item = _item("NUMERIC", name)
    item.NumericValue = DSfloat(float(value), auto_format=True)
    item.MeasurementUnitsCodeSequence = [codes.code_item(unit)]
    return item


def _text(name: Code, value: str) -> Dataset:
    item = _item("TEXT", name)
    item.TextValue = value[:_UC_LENGTH] or "-"
    return item
