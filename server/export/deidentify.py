"""One DICOM object without its identity: the confidentiality profile over every attribute, in sequences as well."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from server.dicom import codes
from server.dicom.attributes import file_meta
from server.export import content, times
from server.export.colour_profile import without_words
from server.export.identity import Guard, Subject
from server.export.options import ExportOptions, Option
from server.export.pseudonyms import Pseudonyms
from server.export.standard import Action, action_of
from server.export.words import is_code, is_known

REMOVED = "removed"
"""Stands where a text must stand."""

_TEXT = frozenset({"LO", "SH", "ST", "LT", "UT", "UC"})
_NUMERIC = frozenset({"DS", "IS", "FD", "FL", "US", "UL", "SS", "SL", "SV", "UV", "AT"})
_DUMMIES = {
    "DA": "19700101",
    "TM": "000000",
    "DT": "19700101000000",
    "AS": "000Y",
    "DS": "0",
    "IS": "0",
    "CS": "REMOVED",
    "UR": "http://removed.invalid",
    **dict.fromkeys((*_TEXT, "PN"), REMOVED),
    **dict.fromkeys(("FD", "FL", "US", "UL", "SS", "SL"), 0),
}
_PALETTE = "PaletteColorLookupTableData"
_MAKERS = frozenset({"Manufacturer", "ManufacturerModelName", "SoftwareVersions"})
_VERSION = re.compile(r"[\w .+:/()-]{1,64}")
_NUMBERS = re.compile(r"\d{1,4}(\.\d{1,4}){0,3}")
_REFERENCES = frozenset(
    {"ReferencedImageSequence", "ReferencedInstanceSequence", "PredecessorDocumentsSequence"}
)
_STANDARD_UID = "1.2.840.10008."


@dataclass(frozen=True)
class Scope:
    """Objects that are exported in parts: their UIDs become those of one part."""

    uids: frozenset[str] = frozenset()
    part: str = ""


@dataclass(frozen=True)
class Deidentifier:
    """Makes the exported form of one visit's objects."""

    pseudonyms: Pseudonyms
    options: ExportOptions
    subject: Subject
    exported: frozenset[str]
    """SOP Instance UIDs of every object of the visit that is exported; references to others go."""
    software: str
    scope: Scope = Scope()

    def __call__(self, dataset: Dataset) -> Dataset:
        """A new object without identity, pixel data left out; `dataset` stays as it was."""
        walk = _Walk(self, Guard.of(dataset))
        made = walk.clean(dataset)
        made.SpecificCharacterSet = "ISO_IR 192"
        if "CodingSchemeIdentificationSequence" in dataset:
            made.CodingSchemeIdentificationSequence = codes.coding_schemes()
        self._name_patient(made, dataset)
        self._say_method(made)
        self._describe_part(made)
        made.file_meta = file_meta(made, dataset.file_meta.TransferSyntaxUID)
        return made

    def uid(self, value: str) -> str:
        """The UID that stands for one of an object, series, study or anything that is tracked."""
        if value.startswith(_STANDARD_UID) or not value:
            return value
        if value in self.scope.uids:
            return self.pseudonyms.uid(f"{value}/{self.scope.part}")
        return value if Option.RETAIN_UIDS in self.options.options else self.pseudonyms.uid(value)

    def _name_patient(self, made: Dataset, dataset: Dataset) -> None:
        made.PatientID, made.PatientName = self.subject.name, f"Subject^{self.subject.name}"
        made.StudyID = self.pseudonyms.word("study", str(dataset.StudyInstanceUID))
        if Option.PATIENT_CHARACTERISTICS in self.options.options:
            age = times.age_of(str(dataset.get("PatientBirthDate", "")), str(dataset.get("StudyDate", "")))
            if age and "PatientAge" not in made:
                made.PatientAge = age

    def _say_method(self, made: Dataset) -> None:
        made.PatientIdentityRemoved = "YES"
        faces = "faces masked" if self.options.masked else "faces recognizable"
        made.DeidentificationMethod = [f"dermabooth {self.software}"[:64], faces]
        made.DeidentificationMethodCodeSequence = [codes.code_item(code) for code in self.options.codes]
        made.LongitudinalTemporalInformationModified = self.options.dates
        if "Rows" in made:
            # A mask of a whole face shows its outline, no more.
            made.RecognizableVisualFeatures = "NO" if self.options.masked or made.Modality == "SEG" else "YES"

    def _describe_part(self, made: Dataset) -> None:
        if not self.scope.part:
            return
        if "SeriesDescription" in made:
            made.SeriesDescription = f"{made.SeriesDescription}, {self.scope.part.replace('_', ' ')}"[:64]
        if "AnatomicRegionSequence" in made:
            place = codes.anatomy(self.scope.part)
            made.AnatomicRegionSequence = [codes.code_item(place.site)]
            if place.side is not None:
                made.ImageLaterality = "L" if place.side == codes.LEFT else "R"


@dataclass(frozen=True)
class _Walk:
    """One object on its way through the profile."""

    maker: Deidentifier
    guard: Guard

    def clean(self, dataset: Dataset) -> Dataset:
        made = Dataset()
        for element in dataset:
            kept = self._element(element, dataset)
            if kept is not None:
                made.add(
                    _with(kept, kept.value)
                )  # of its own: what is changed in one must not change in the other
        return made

    def _element(self, element: DataElement, dataset: Dataset) -> DataElement | None:
        action = action_of(element.tag, self.maker.options.options)
        if element.VR == "SQ":
            return self._sequence(element, action)
        match action:
            case Action.KEEP:
                return element
            case Action.EMPTY:
                return _empty(element)
            case Action.DUMMY:
                return _dummy(element)
            case Action.UID:
                return self._uid(element)
            case Action.CLEAN_TEXT:
                return element if self.guard.allows(str(element.value or "")) else None
            case Action.SHIFT:
                return self._moved(element, dataset)
            case Action.UNLISTED:
                return self._unlisted(element, dataset)
        return None

    def _sequence(self, element: DataElement, action: Action) -> DataElement | None:
        if action is Action.REMOVE:
            return None
        if action is Action.EMPTY:
            return _with(element, [])
        items = list(self._items(element))
        return _with(element, items) if items or not element.value else None

    def _items(self, element: DataElement) -> Iterator[Dataset]:
        for item in element.value:
            if element.keyword in _REFERENCES and not _referred(item) <= self.maker.exported:
                continue
            if "CodingSchemeDesignator" in item and not _is_code(item):
                continue
            if "ValueType" in item and "ConceptNameCodeSequence" in item:
                value = content.told(item, self.maker.options.options, self.guard, self.maker.pseudonyms)
                if value is not None:
                    yield content.with_text(self.clean(item), value)
                continue
            yield self.clean(item)

    def _unlisted(self, element: DataElement, dataset: Dataset) -> DataElement | None:
        if element.VR == "UI":
            return self._uid(element)
        if element.VR in _TEXT:
            return self._text(element, dataset)
        if element.VR == "CS":
            return element if all(content.is_term(str(one)) for one in _values(element)) else None
        if element.keyword == "ICCProfile":
            return _with(element, without_words(bytes(element.value)))
        kept = element.VR in _NUMERIC or element.keyword.endswith(_PALETTE)
        return element if kept else None

    def _uid(self, element: DataElement) -> DataElement:
        mapped = [self.maker.uid(str(value)) for value in _values(element)]
        return _with(element, mapped if len(mapped) > 1 else "".join(mapped))

    def _text(self, element: DataElement, dataset: Dataset) -> DataElement:
        """Words of no row of the table: of the device as they are, else only words of the objects' own."""
        text = str(element.value or "")
        if not text or element.keyword in {"CodeValue", "CodingSchemeDesignator"}:
            return element
        if element.keyword == "CodeMeaning":
            return element if is_known(text) else _with(element, str(dataset.CodeValue))
        if element.keyword in _MAKERS:
            nobody = all(
                _VERSION.fullmatch(one) and self.guard.names_nobody(one) for one in map(str, _values(element))
            )
            return element if nobody else _with(element, REMOVED)
        if element.keyword == "AlgorithmVersion" and _NUMBERS.fullmatch(text):
            return element
        if all(self.guard.allows(str(one)) for one in _values(element)):
            return element
        if element.keyword == "TrackingID":
            return _with(element, self.maker.pseudonyms.word("track", text))
        return _with(element, REMOVED)

    def _moved(self, element: DataElement, dataset: Dataset) -> DataElement | None:
        moved = times.moved(element, dataset, self.maker.subject.shift)
        return None if moved is None else _with(element, moved)


def _with(element: DataElement, value: object) -> DataElement:
    return DataElement(element.tag, element.VR, value)


def _values(element: DataElement) -> tuple[object, ...]:
    if element.VM > 1:
        return tuple(element.value)
    return () if element.value is None else (element.value,)


def _dummy(element: DataElement) -> DataElement | None:
    value = _DUMMIES.get(element.VR)
    return None if value is None else _with(element, value)


def _empty(element: DataElement) -> DataElement:
    return DataElement(element.tag, element.VR, None)


def _referred(item: Dataset) -> set[str]:
    """The SOP Instance UIDs that an item names, at any depth."""
    found = {str(item.ReferencedSOPInstanceUID)} if "ReferencedSOPInstanceUID" in item else set()
    for element in item:
        if element.VR == "SQ":
            found = found.union(*(_referred(inner) for inner in element.value))
    return found


def _is_code(item: Dataset) -> bool:
    return is_code(str(item.get("CodeValue", "")), str(item.CodingSchemeDesignator))
