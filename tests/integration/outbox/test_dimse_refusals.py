"""What a PACS does not take as it is: transcoded where that helps, else parked with the reason."""

from pathlib import Path

import numpy as np
import pydicom
import pytest

from server.config import ServerConfig
from server.config.destinations import DimseSection
from server.dicom import build_photo
from server.errors import DestinationUnavailable
from server.outbox import Fate
from server.outbox.destinations.dimse import DimseDestination
from tests.fixtures.dcmtk import storescp
from tests.fixtures.dicom_objects import description, picture
from tests.fixtures.orthanc import Orthanc, running
from tests.fixtures.parcels import packed, sent, visit

pytestmark = pytest.mark.integration

LABEL_MAP = "1.2.840.10008.5.1.4.1.1.66.7"


def destination(folder: Path, port: int, ae_title: str = "ORTHANC") -> DimseDestination:
    section = {"type": "dimse", "name": "pacs", "host": "127.0.0.1", "port": port, "ae_title": ae_title}
    config = ServerConfig.load(data=folder / "data", destinations=[section])
    (opened,) = config.destinations
    assert isinstance(opened, DimseSection)
    return DimseDestination(opened, config.dicom, config.run)


@pytest.mark.parametrize("option", ["+xi", "+xe"])
async def test_a_peer_of_plain_syntaxes_gets_the_same_pixels(option: str, tmp_path: Path) -> None:
    parcels = visit(tmp_path)
    with storescp(tmp_path / "scp", option) as scp:
        pacs = destination(tmp_path, scp.port)
        outcomes = await sent(pacs, parcels)
        await pacs.close()
    assert {one.fate for one in outcomes} == {Fate.STORED}
    assert set(scp.syntaxes()) <= {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1"}
    photo = next(
        one
        for path in scp.folder.iterdir()
        if (one := pydicom.dcmread(path)).SOPInstanceUID == parcels[0].sop_instance_uid
    )
    assert np.array_equal(photo.pixel_array, picture(0))
    assert not list((tmp_path / "data" / "run").glob("transcoded*/*"))


async def test_a_class_that_is_not_taken_is_parked_and_the_rest_goes(
    tmp_path: Path, orthanc: Orthanc
) -> None:
    parcels = visit(tmp_path)
    odd = build_photo(description(), picture(9))
    odd.SOPClassUID = odd.file_meta.MediaStorageSOPClassUID = pydicom.uid.UID(LABEL_MAP)
    odd.SOPInstanceUID = odd.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.UID("2.25.4711")
    pacs = destination(tmp_path, orthanc.dicom_port)
    outcomes = await sent(pacs, [packed(odd, tmp_path), *parcels])
    await pacs.close()
    assert outcomes[0].fate is Fate.PARKED
    assert "Label Map" in outcomes[0].reason or LABEL_MAP in outcomes[0].reason
    assert "allow the SOP class" in outcomes[0].next_step
    assert {one.fate for one in outcomes[1:]} == {Fate.STORED}


async def test_titles_that_the_pacs_does_not_know(tmp_path: Path) -> None:
    with running({"DicomCheckCalledAet": True, "DicomAlwaysAllowStore": False}) as orthanc:
        pacs = destination(tmp_path, orthanc.dicom_port, "OTHER")
        with pytest.raises(DestinationUnavailable, match="correct ae_title"):
            await sent(pacs, visit(tmp_path))
        await pacs.close()
