"""Run by its path: every mutated file at every door that takes DICOM files; prints what came of it as JSON."""

import collections
import contextlib
import json
import resource
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

from pydicom.uid import ExplicitVRLittleEndian

from server.dicom import decoded_pixels_sha256, read_header, read_identity, read_photo, transcoded
from server.dicomweb import NotAcceptable, Picture, objects, rendering
from server.dicomweb.workshop import Guarded
from server.errors import BadImage
from server.store import HeaderRow
from tests.fixtures.mutations import MUST_BE_REFUSED, mutations, whole_files

SLOWEST_S = 10.0


def doors(scratch: Path) -> dict[str, Callable[[Path], object]]:
    """What reads a file that somebody else may have written."""
    frames, metadata = Guarded(objects.frames), Guarded(objects.metadata)
    rendered = Guarded(rendering.rendered)

    def served(path: Path) -> None:
        made = frames(path, (1,), False, scratch)
        made.path.unlink()

    return {
        "analyze": read_photo,
        "header": read_header,
        "rebuild": read_identity,
        "proof": decoded_pixels_sha256,
        "transcoding": lambda path: transcoded(path, ExplicitVRLittleEndian),
        "dicomweb metadata": lambda path: metadata(path, "http://x"),
        "dicomweb frames": served,
        "dicomweb rendered": lambda path: rendered(path, None, 1, Picture()),
    }


def main() -> None:
    count, folder = int(sys.argv[1]), Path(sys.argv[2])
    warnings.simplefilter("ignore")
    found: dict[str, object] = {}
    path, opened = folder / "file.dcm", doors(folder)
    for data in whole_files():
        path.write_bytes(data)
        for door in opened.values():
            with contextlib.suppress(BadImage, NotAcceptable):
                door(path)
    # Made before memory is measured: it is the attacker's, not ours.
    files = list(mutations(count))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wrong, refused, slowest = list[str](), collections.Counter[str](), 0.0
    for kind, data in files:
        path.write_bytes(data)
        for name, door in opened.items():
            begun = time.perf_counter()
            try:
                door(path)
                if kind in MUST_BE_REFUSED:
                    wrong.append(f"{name} took {kind}")
            except (BadImage, NotAcceptable, KeyError) as error:
                refused[name] += 1
                if len(str(error)) < 10 and not isinstance(error, KeyError):
                    wrong.append(f"{name} gave no reason for {kind}")
            except BaseException as error:
                wrong.append(f"{name} at {kind}: {type(error).__name__}: {str(error)[:80]}")
            slowest = max(slowest, time.perf_counter() - begun)
        row = objects.entries([("1.2", "1.2", "1.2", path)])
        assert isinstance(row[0], HeaderRow)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    found |= {"wrong": collections.Counter(wrong), "refused": refused, "grown_mb": grown / 1024}
    found["slowest_s"] = slowest
    print(json.dumps(found))


if __name__ == "__main__":
    main()
