"""References to objects by study, series and instance."""

from collections.abc import Iterable

from pydicom.dataset import Dataset


def evidence(instances: Iterable[Dataset]) -> list[Dataset]:
    """The items of an evidence sequence (PS3.3 table C.17-3): one per study, in it one per series, in that every instance."""
    studies: dict[str, dict[str, list[Dataset]]] = {}
    for instance in instances:
        series = studies.setdefault(str(instance.StudyInstanceUID), {})
        series.setdefault(str(instance.SeriesInstanceUID), []).append(reference(instance))
    return [_study(uid, series) for uid, series in studies.items()]


def reference(instance: Dataset) -> Dataset:
    """The item that names an instance (PS3.3 table 10-11)."""
    item = Dataset()
    item.ReferencedSOPClassUID = instance.SOPClassUID
    item.ReferencedSOPInstanceUID = instance.SOPInstanceUID
    return item


def _study(uid: str, series: dict[str, list[Dataset]]) -> Dataset:
    study = Dataset()
    study.StudyInstanceUID = uid
    study.ReferencedSeriesSequence = []
    for series_uid, references in series.items():
        item = Dataset()
        item.SeriesInstanceUID = series_uid
        item.ReferencedSOPSequence = references
        study.ReferencedSeriesSequence.append(item)
    return study
