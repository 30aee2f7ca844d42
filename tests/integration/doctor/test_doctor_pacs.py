"""`dermabooth doctor --pacs NAME` towards Orthanc: what works is said, and what does not with what to do."""

from pathlib import Path

import pytest

from tests.fixtures import command_process
from tests.fixtures.orthanc import Orthanc, running
from tests.fixtures.ports import free_port

pytestmark = pytest.mark.integration


def doctor(folder: Path, settings: str, *options: str) -> tuple[int, str]:
    """Exit status and everything printed, as one line with single spaces."""
    file = folder / "server.toml"
    file.write_text(f'data = "{folder}/data"\n{settings}')
    done = command_process.run(
        "doctor", "--config", file, "--pacs", "pacs", *options, environment={"COLUMNS": "240"}
    )
    assert "Traceback" not in done.stderr
    return done.returncode, " ".join((done.stdout + done.stderr).split())


def dimse(port: int, more: str = "") -> str:
    return (
        f'[[destinations]]\ntype = "dimse"\nname = "pacs"\nhost = "127.0.0.1"\nport = {port}\n'
        f'ae_title = "ORTHANC"\n{more}\n'
    )


def stow(url: str) -> str:
    return f'[[destinations]]\ntype = "stow"\nname = "pacs"\nurl = "{url}"\n'


def test_a_pacs_that_commits(tmp_path: Path) -> None:
    port = free_port()
    booth = {"AET": "DERMABOOTH", "Host": "127.0.0.1", "Port": port, "AllowStorageCommitment": True}
    listener = (
        f'[dicom.listener]\nenabled = true\nport = {port}\nallowed_ae_titles = ["ORTHANC"]\n'
        'allowed_addresses = ["127.0.0.1"]\n'
    )
    with running({"DicomModalities": {"booth": booth}}) as orthanc:
        settings = dimse(orthanc.dicom_port, 'commitment = "listener"') + listener
        for _ in range(2):
            status, told = doctor(tmp_path, settings)
            assert status == 0, told
        assert len(orthanc.instances()) == 1
        (patient,) = orthanc.get("/patients?expand")
        assert patient["MainDicomTags"]["PatientName"] == "TEST^DERMABOOTH"
    for fact in ("ORTHANC at 127.0.0.1", "accepts photos, masks, reports", "says that it keeps"):
        assert fact in told


def test_nothing_is_stored_unless_wanted(tmp_path: Path, orthanc: Orthanc) -> None:
    status, told = doctor(tmp_path, dimse(orthanc.dicom_port), "--no-store")
    assert status == 0, told
    assert orthanc.instances() == []


def test_a_dicomweb_server(tmp_path: Path, orthanc: Orthanc) -> None:
    status, told = doctor(tmp_path, stow(orthanc.web))
    assert status == 0, told
    assert "QIDO-RS" in told
    assert len(orthanc.instances()) == 1


def test_what_does_not_work_is_told(tmp_path: Path, orthanc: Orthanc) -> None:
    status, told = doctor(tmp_path, dimse(9))
    assert status == 1
    assert "nothing listens at 127.0.0.1:9" in told
    status, told = doctor(tmp_path, stow(orthanc.http))
    assert status == 1
    assert "correct url" in told
    status, told = doctor(tmp_path, "")
    assert status == 1
    assert "there is no destination 'pacs'" in told
