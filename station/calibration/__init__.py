"""Calibration of a booth: the chart sheet, what a picture of it tells, and the record that colour and scale rest on."""

from station.calibration.agreement import (
    BlandAltman,
    Estimate,
    Repeatability,
    bland_altman,
    icc_agreement,
    repeatability,
    within_subject,
)
from station.calibration.colour import delta_e_2000, lab_from_linear_srgb, linear_srgb_from_lab
from station.calibration.current import CurrentCalibration, FolderReading
from station.calibration.daily import advice, check_session
from station.calibration.drift import (
    HISTORY,
    DailyCheck,
    Drift,
    append_history,
    check_drift,
    read_history,
)
from station.calibration.layout import (
    CLASSIC_LAB,
    PAGE_MM,
    ChartLayout,
    classic_sheet,
    printed_sheet,
    sheet_named,
)
from station.calibration.making import ChartShot, Readings, Session, make_record, read_session
from station.calibration.matrix import (
    NotFitted,
    fit_matrix,
)
from station.calibration.reading import ChartUnreadable, find_sheet, read_chart
from station.calibration.record import (
    BadRecord,
    CalibrationRecord,
    ColourRecord,
    Criterion,
    FlatFieldRecord,
    FocusRecord,
    IrradianceRecord,
    LampRecord,
    NamedRecord,
    ScaleRecord,
    load_record,
    named,
    save_record,
)
from station.calibration.sheet import draw_light, draw_pdf, draw_picture, draw_standing
from station.calibration.ultraviolet import EFFECTIVE_J_M2, EYE_J_M2, WINDOW_S, Dose, dose_of, hazard_weight
from station.calibration.validity import NO_RECORD, Calibration, load_calibration

__all__ = [
    "CLASSIC_LAB",
    "EFFECTIVE_J_M2",
    "EYE_J_M2",
    "HISTORY",
    "NO_RECORD",
    "PAGE_MM",
    "WINDOW_S",
    "BadRecord",
    "BlandAltman",
    "Calibration",
    "CalibrationRecord",
    "ChartLayout",
    "ChartShot",
    "ChartUnreadable",
    "ColourRecord",
    "Criterion",
    "CurrentCalibration",
    "DailyCheck",
    "Dose",
    "Drift",
    "Estimate",
    "FlatFieldRecord",
    "FocusRecord",
    "FolderReading",
    "IrradianceRecord",
    "LampRecord",
    "NamedRecord",
    "NotFitted",
    "Readings",
    "Repeatability",
    "ScaleRecord",
    "Session",
    "advice",
    "append_history",
    "bland_altman",
    "check_drift",
    "check_session",
    "classic_sheet",
    "delta_e_2000",
    "dose_of",
    "draw_light",
    "draw_pdf",
    "draw_picture",
    "draw_standing",
    "find_sheet",
    "fit_matrix",
    "hazard_weight",
    "icc_agreement",
    "lab_from_linear_srgb",
    "linear_srgb_from_lab",
    "load_calibration",
    "load_record",
    "make_record",
    "named",
    "printed_sheet",
    "read_chart",
    "read_history",
    "read_session",
    "repeatability",
    "save_record",
    "sheet_named",
    "within_subject",
]
