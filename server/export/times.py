"""Dates and times of an object moved by one person's offset, so that the time between visits stays."""

from datetime import datetime, timedelta

from pydicom.datadict import keyword_for_tag, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

_OLDEST_TOLD = 89
"""Years; the few people who are older are told as 90."""


def moved(element: DataElement, dataset: Dataset, shift: timedelta) -> str | None:
    """The value of a DA, TM or DT, moved together with the date or time that belongs to it; None: it cannot be."""
    try:
        if element.VR == "DT":
            at = _parsed(str(element.value)[:8], str(element.value)[8:21].partition("+")[0].partition("-")[0])
            return (at + shift).strftime("%Y%m%d%H%M%S.%f")
        if element.VR == "DA":
            at = _parsed(str(element.value), _partner(element, dataset, "Date", "Time"))
            return (at + shift).strftime("%Y%m%d")
        date = _partner(element, dataset, "Time", "Date")
        return (_parsed(date, str(element.value)) + shift).strftime("%H%M%S.%f") if date else None
    except (ValueError, OverflowError):
        return None


def age_of(born: str, at: str) -> str:
    """A PatientAge in years from two DA values, at most `090Y`; empty where they tell none."""
    try:
        birth, day = datetime.strptime(born, "%Y%m%d"), datetime.strptime(at, "%Y%m%d")  # noqa: DTZ007
    except ValueError:
        return ""
    years = day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
    return f"{min(years, _OLDEST_TOLD + 1):03d}Y" if years >= 0 else ""


def _partner(element: DataElement, dataset: Dataset, own: str, other: str) -> str:
    """The value of the attribute named alike, `StudyTime` of `StudyDate`; empty if there is none."""
    keyword = keyword_for_tag(element.tag)
    tag = tag_for_keyword(keyword.replace(own, other)) if own in keyword else None
    return str(dataset[tag].value or "") if tag is not None and tag in dataset else ""


def _parsed(date: str, time: str) -> datetime:
    clock, _, fraction = time.partition(".")
    return datetime.strptime(  # noqa: DTZ007  a time zone moves with the value
        f"{date}{clock.ljust(6, '0')}{fraction.ljust(6, '0')}", "%Y%m%d%H%M%S%f"
    )
