"""Orthanc's worklist over TLS with certificates on both sides, asked as the server asks it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from server.config.dicom import DicomConfig
from server.config.orders import MwlSection
from server.config.tls import TlsSection
from server.errors import OrdersUnavailable
from server.orders import Found
from server.orders.mwl import MwlSource
from tests.fixtures.certificates import Authority
from tests.fixtures.orthanc import Orthanc, running, with_tls
from tests.fixtures.worklists import Worklist, item, today

pytestmark = pytest.mark.interop


@dataclass
class Secured:
    """A worklist that speaks mutual TLS, and what it asks of its callers."""

    worklist: Worklist
    folder: Path
    tls: TlsSection

    async def listed(self, tls: TlsSection | None) -> Found:
        """What it tells a caller of these certificates; None: one without TLS."""
        section = MwlSection(
            host="127.0.0.1", port=self.worklist.port, ae_title=self.worklist.ae_title, tls=tls
        )
        source = MwlSource(section, DicomConfig(association_timeout_s=5, network_timeout_s=5), 500)
        try:
            return await source.expected(today(), today())
        finally:
            await source.close()


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    folder = tmp_path_factory.mktemp("tls")
    authority = Authority(folder)
    server, client = authority.issue("ris", "127.0.0.1"), authority.issue("booth", "booth.example")
    tls = TlsSection(ca_file=authority.path, certificate_file=client.certificate, key_file=client.key)
    with running(with_tls(server, authority)) as orthanc:
        worklist = Worklist(orthanc.dicom_port, orthanc.worklists, Orthanc.aet)
        worklist.fill([item(number) for number in range(40)])
        yield Secured(worklist, folder, tls)


async def test_the_list_comes_whole(secured: Secured) -> None:
    found = await secured.listed(secured.tls)
    assert sorted(entry.order.accession_number for entry in found.entries) == [
        f"ACC{number:04d}" for number in range(40)
    ]


async def test_without_tls_nothing_is_told(secured: Secured) -> None:
    with pytest.raises(OrdersUnavailable) as refused:
        await secured.listed(None)
    assert "TLS" in str(refused.value)


async def test_another_authority_is_not_trusted(secured: Secured) -> None:
    (secured.folder / "other").mkdir(exist_ok=True)
    other = secured.tls.model_copy(update={"ca_file": Authority(secured.folder / "other").path})
    with pytest.raises(OrdersUnavailable, match=r"tls\.ca_file"):
        await secured.listed(other)
