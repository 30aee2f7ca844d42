"""Room on the booth's disk: of the spool, or of the camera's own files where that ends sooner."""

from station.capture import Studio
from station.devices import FolderRoom
from station.errors import SpoolFull
from station.kiosk import DiskStatus
from station.transport import WARN_BELOW, Room, SpoolRoom


def check_disk(spool: SpoolRoom | None, studio: Studio, stills: int) -> None:
    """Raise `SpoolFull`, with what to do, if a visit of this number of stills would not fit, as far as was seen last."""
    if spool is not None:
        spool.check_visit()
    originals = _originals(studio, stills)
    if originals is not None and originals.visits_left == 0:
        raise SpoolFull(originals.problem)


def disk_status(spool: SpoolRoom | None, studio: Studio | None, stills: int) -> DiskStatus:
    """Room for visits of this number of stills, as the page shows it."""
    room, originals = Room() if spool is None else spool.latest, _originals(studio, stills)
    if originals is not None and _ends_sooner(originals, room):
        room = originals
    return DiskStatus(**vars(room))


def _originals(studio: Studio | None, stills: int) -> Room | None:
    folder = None if studio is None else studio.camera.folder_room
    if folder is None:
        return None
    left = folder.fits(stills)
    return Room(
        used_bytes=folder.used_bytes,
        limit_bytes=folder.limit_bytes,
        visits_left=left,
        problem="" if left is None or left >= WARN_BELOW else _problem(left, folder),
    )


def _ends_sooner(one: Room, other: Room) -> bool:
    if one.visits_left is None or (other.visits_left is None and other.problem):
        return False
    return one.visits_left < (WARN_BELOW if other.visits_left is None else other.visits_left)


def _problem(left: int, folder: FolderRoom) -> str:
    if left == 0:
        return f"No room for the camera's originals of another visit. {folder.remedy}"
    visits = "1 more visit" if left == 1 else f"{left} more visits"
    return f"Room for the camera's originals of {visits}. {folder.remedy}"
