"""Room for the files that a camera keeps beside its stills."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class FolderRoom:
    """A bounded folder as a camera saw it last; sizes in bytes."""

    folder: Path
    used_bytes: int
    limit_bytes: int
    """The smaller of the folder's own limit and what the disk has."""
    still_bytes: int
    """What the files of one still may need, which is what those of the largest did; 0: there was none yet."""
    disk_full: bool
    """Whether it is the disk that sets the limit."""
    setting: str
    """Key of the configuration that sets the folder's own limit."""

    @property
    def left_bytes(self) -> int:
        """What still fits."""
        return max(self.limit_bytes - self.used_bytes, 0)

    def fits(self, stills: int) -> int | None:
        """How often this number of stills fits; None: their size is not known yet."""
        if self.left_bytes == 0:
            return 0
        return self.left_bytes // (stills * self.still_bytes) if self.still_bytes else None

    @property
    def remedy(self) -> str:
        """What makes room, as a sentence for the operator."""
        more = "" if self.disk_full else f", or raise {self.setting}"
        return f"Move files from {self.folder} to another disk{more}."
