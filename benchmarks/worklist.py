"""A refresh of the hospital's worklist beside dcmtk's `findscu` with the same query, and the list that was kept."""

import asyncio
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID, ImplicitVRLittleEndian

from server.config.dicom import DicomConfig
from server.config.orders import MwlSection
from server.orders import Keeper, KeptList, OrderDesk
from server.orders.keys import of_days
from server.orders.mwl import MwlSource
from station.protocol import OrdersWanted, new_uid
from tests.fixtures.worklists import Worklist, item, today, wlmscpfs

GOAL = 1.5
AT_ONCE_MS = 250.0
ENTRIES = 500
ROUNDS = 9

Row = dict[str, Any]


async def measure(rounds: int = ROUNDS) -> list[Row]:
    """Two rows; half a minute."""
    with wlmscpfs() as hospital, tempfile.TemporaryDirectory() as folder:
        await asyncio.to_thread(
            hospital.fill, [item(n, PatientName="Müller^Ann=김^지우") for n in range(ENTRIES)]
        )
        section = MwlSection(host="127.0.0.1", port=hospital.port, ae_title=hospital.ae_title, modality="XC")
        source = MwlSource(section, DicomConfig(), ENTRIES)
        try:
            refresh = await _refresh(source, hospital, section, Path(folder), rounds)
            return [refresh, await _kept(source, Path(folder), rounds)]
        finally:
            await source.close()


async def _refresh(
    source: MwlSource, hospital: Worklist, section: MwlSection, folder: Path, rounds: int
) -> Row:
    query = await asyncio.to_thread(_query_file, section, folder / "query.dcm")
    ours, theirs = [], []
    for _ in range(rounds):
        began = time.perf_counter()
        found = await source.expected(today(), today())
        ours.append(time.perf_counter() - began)
        if len(found.entries) != ENTRIES:
            raise RuntimeError(f"{len(found.entries)} entries instead of {ENTRIES}")
        theirs.append(await asyncio.to_thread(_findscu, hospital, query))
    ratio = statistics.median(one / other for one, other in zip(ours, theirs, strict=True))
    return {
        "name": f"worklist of {ENTRIES} entries refreshed / dcmtk's findscu at the same server",
        "value": round(ratio, 2),
        "unit": "ratio",
        "goal": f"<= {GOAL}",
        "met": ratio <= GOAL,
        "context": f"{statistics.median(ours):.2f} s and {statistics.median(theirs):.2f} s, median of {rounds} pairs",
    }


async def _kept(source: MwlSource, folder: Path, rounds: int) -> Row:
    found = await source.expected(today(), today())
    keeper = Keeper(folder / "worklist.json", source.name)
    keeper.write(KeptList(source=keeper.source, told_at=time.time(), entries=found.entries))
    took = []
    for number in range(rounds):
        began = time.perf_counter()
        desk = OrderDesk(source, Keeper(folder / "worklist.json", source.name), _none_begun)
        await desk.open()
        await desk.answer("booth-1", OrdersWanted(request=number))
        took.append(1000 * (time.perf_counter() - began))
    value = statistics.median(took)
    return {
        "name": f"kept worklist of {ENTRIES} entries told after a restart",
        "value": round(value, 1),
        "unit": "ms",
        "goal": f"<= {AT_ONCE_MS:g}",
        "met": value <= AT_ONCE_MS,
        "context": f"file read, checked and put into messages, median of {rounds}",
    }


async def _none_begun(_studies: object, _booth_id: str) -> set[str]:
    return set()


def _query_file(section: MwlSection, path: Path) -> Path:
    query = of_days(section, today(), today())
    query.file_meta = FileMetaDataset()
    query.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    query.file_meta.MediaStorageSOPClassUID = query.file_meta.MediaStorageSOPInstanceUID = UID(new_uid())
    query.save_as(path, enforce_file_format=True)
    return path


def _findscu(hospital: Worklist, query: Path) -> float:
    began = time.perf_counter()
    subprocess.run(
        ["/usr/bin/findscu", "-W", "-aec", hospital.ae_title, "127.0.0.1", str(hospital.port), str(query)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    return time.perf_counter() - began
