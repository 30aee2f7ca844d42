"""Files of the archive: every one appears whole, or not at all."""

import shutil
from pathlib import Path

from server.durable import sync_folder, write_file
from station.protocol import is_booth_id, is_uid


class Archive:
    """One folder per still below `root`: its bytes, DICOM objects, layers, renditions, and a copy of its rows.

    Paths are made from checked UIDs only. A file is written beside its place, fsynced, renamed and the folder fsynced.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._incoming = root.parent / "incoming"
        root.mkdir(parents=True, exist_ok=True)
        self._incoming.mkdir(parents=True, exist_ok=True)

    def incoming(self, sop_instance_uid: str) -> Path:
        """Where the bytes of a still gather until they are whole; on the archive's file system."""
        return self._incoming / _checked(sop_instance_uid)

    def folder(self, study_instance_uid: str, sop_instance_uid: str) -> Path:
        """The folder of a still, made if needed."""
        folder = self.root / _checked(study_instance_uid) / _checked(sop_instance_uid)
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            for parent in (folder.parent, self.root):
                sync_folder(parent)
        return folder

    def blob(self, study_instance_uid: str, sop_instance_uid: str) -> Path:
        """Transport bytes of a still; of one with more than 8 bits, its master."""
        return self.folder(study_instance_uid, sop_instance_uid) / "still.bin"

    def photo(self, study_instance_uid: str, sop_instance_uid: str) -> Path:
        """The DICOM photo."""
        return self.folder(study_instance_uid, sop_instance_uid) / "photo.dcm"

    def segmentation(self, study_instance_uid: str, sop_instance_uid: str) -> Path:
        """The DICOM segmentation."""
        return self.folder(study_instance_uid, sop_instance_uid) / "seg.dcm"

    def heat_maps(self, study_instance_uid: str, sop_instance_uid: str) -> Path:
        """The DICOM segmentation of the heat maps."""
        return self.folder(study_instance_uid, sop_instance_uid) / "heat.dcm"

    def parts(self, study_instance_uid: str, sop_instance_uid: str) -> Path:
        """The DICOM label map of the parts of the face."""
        return self.folder(study_instance_uid, sop_instance_uid) / "parts.dcm"

    def overlay(self, study_instance_uid: str, sop_instance_uid: str) -> Path:
        """The DICOM picture with the findings drawn on it."""
        return self.folder(study_instance_uid, sop_instance_uid) / "overlay.dcm"

    def report(self, study_instance_uid: str, sop_instance_uid: str) -> Path:
        """The DICOM structured report."""
        return self.folder(study_instance_uid, sop_instance_uid) / "report.dcm"

    def rendition(self, study_instance_uid: str, sop_instance_uid: str) -> Path:
        """A JPEG of at most 1600 px for pages."""
        return self.folder(study_instance_uid, sop_instance_uid) / "rendition.jpg"

    def layer(self, study_instance_uid: str, sop_instance_uid: str, name: str) -> Path:
        """An 8-bit PNG of one layer at the still's size."""
        return self.folder(study_instance_uid, sop_instance_uid) / f"layer-{_word(name)}.png"

    def outcome(self, study_instance_uid: str, sop_instance_uid: str, step: str) -> Path:
        """The numbers that a step of the analysis keeps for the ones after it, JSON."""
        return self.folder(study_instance_uid, sop_instance_uid) / f"outcome-{_word(step)}.json"

    def booth_rows(self, booth_id: str) -> Path:
        """What the database holds of a booth; raises `ValueError` for what is no booth's name."""
        if not is_booth_id(booth_id):
            raise ValueError("not a booth's name")
        return self.root / f"booth-{booth_id}.json"

    def visit_rows(self, study_instance_uid: str) -> Path:
        """What the database holds of a visit; its folder is made if needed."""
        folder = self.root / _checked(study_instance_uid)
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            sync_folder(self.root)
        return folder / "visit.json"

    def still_rows(self, study_instance_uid: str, sop_instance_uid: str) -> Path:
        """What the database holds of a still, its objects and measures."""
        return self.folder(study_instance_uid, sop_instance_uid) / "still.json"

    def corrected(self, study_instance_uid: str, still_uid: str, sop_instance_uid: str) -> Path:
        """A DICOM object that a correction made for a still; the folder is made if needed."""
        folder = self.folder(study_instance_uid, still_uid) / "corrected"
        if not folder.is_dir():
            folder.mkdir(exist_ok=True)
            sync_folder(folder.parent)
        return folder / f"{_checked(sop_instance_uid)}.dcm"

    def signed(self, study_instance_uid: str, still_uid: str, sop_instance_uid: str) -> Path:
        """A DICOM object that a signature made for a still; the folder is made if needed."""
        folder = self.folder(study_instance_uid, still_uid) / "signed"
        if not folder.is_dir():
            folder.mkdir(exist_ok=True)
            sync_folder(folder.parent)
        return folder / f"{_checked(sop_instance_uid)}.dcm"

    def relative(self, path: Path) -> str:
        """The form in which the database keeps a path."""
        return path.relative_to(self.root).as_posix()

    def resolve(self, relative: str) -> Path:
        """The file of a path from the database."""
        return self.root / relative

    def write(self, path: Path, data: bytes | memoryview) -> None:
        """Write a file whole; raises `StorageFull`."""
        write_file(path, data)

    def tidy(self, study_instance_uid: str, sop_instance_uid: str, *, keep_blob: bool) -> None:
        """Delete what killed writers left in the folder of a still that nobody writes to, and the blob unless kept."""
        folder = self.folder(study_instance_uid, sop_instance_uid)
        for partial in folder.glob(".*"):
            partial.unlink(missing_ok=True)
        if not keep_blob:
            self.blob(study_instance_uid, sop_instance_uid).unlink(missing_ok=True)
        sync_folder(folder)

    def delete(self, relative: str) -> None:
        """Delete the file of a path from the database; harmless to repeat."""
        self.resolve(relative).unlink(missing_ok=True)

    def free_bytes(self) -> int:
        """Free space for unprivileged writers."""
        return shutil.disk_usage(self.root).free


def _checked(uid: str) -> str:
    if not is_uid(uid):
        raise ValueError("not a DICOM UID")
    return uid


def _word(name: str) -> str:
    if not name.isidentifier() or not name.isascii():
        raise ValueError("not a name")
    return name
