"""What left: kept beside the export, and without the selection inside it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from server.export.options import ExportOptions
from server.export.planning import VisitPlan
from server.export.selection import Selection
from station.protocol import Patient

IDENTIFIABLE = "The photographs show whole faces: the people in them can be recognized. Treat this export as personal data."
EYE_BAND = "A band covers the eyes in every photograph. It makes recognition harder, not impossible: do not publish the pictures."
CROPS = "Only crops of single regions leave, without the eyes."
_WORDS = {"as-they-are": IDENTIFIABLE, "eye-band": EYE_BAND, "crops": CROPS}


@dataclass
class Tally:
    """What leaves, in numbers."""

    patients: set[str] = field(default_factory=set)
    visits: int = 0
    files: Counter[str] = field(default_factory=Counter)
    stays: Counter[str] = field(default_factory=Counter)
    rows: int = 0

    def count(self, patient: str, plan: VisitPlan) -> None:
        """Add a visit."""
        self.patients.add(patient)
        self.visits += 1
        for one in plan.planned:
            self.files[one.kind] += one.files
        self.stays.update(plan.stays.values())


@dataclass(frozen=True)
class ExportRecord:
    """One export: what, when, with which options, and how much."""

    folder: str
    made_at: str
    """ISO 8601, UTC."""
    software: str
    options: ExportOptions
    selection: Selection
    key: str
    """Fingerprint of the key file."""
    tally: Tally
    studies: tuple[str, ...]
    """Study Instance UIDs in the archive."""
    patients: tuple[Patient, ...]
    """Whose these are, for the audit trail; written nowhere else."""

    @property
    def warning(self) -> str:
        """How far the people in the export can be recognised."""
        return _WORDS[self.options.faces]

    def inside(self) -> dict[str, Any]:
        """What those who get the export may know."""
        tally = self.tally
        return {
            "software": self.software,
            "profile": [f"{code.value} {code.meaning}" for code in self.options.codes],
            "faces": str(self.options.faces),
            "warning": self.warning,
            "key": self.key,
            "patients": len(tally.patients),
            "visits": tally.visits,
            "files": dict(sorted(tally.files.items())),
            "measures": tally.rows,
            "stays": dict(sorted(tally.stays.items())),
        }

    def beside(self) -> dict[str, Any]:
        """What the clinic keeps."""
        selection = {name: value for name, value in vars(self.selection).items() if value not in (None, "")}
        return {
            "folder": self.folder,
            "made_at": self.made_at,
            **self.inside(),
            "selection": selection,
            "studies": list(self.studies),
        }


def reasons(stays: Counter[str]) -> Iterable[str]:
    """Lines of why objects stay, most first."""
    return (f"{count} stay: {reason}" for reason, count in stays.most_common())
