"""DICOM over TLS with certificates on both sides, towards Orthanc and towards our own listener."""

import ssl
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from server.config.dicom import DicomConfig, PeerSection
from server.config.tls import TlsSection
from server.dimse import PLAIN, VERIFICATION, Association, Offer, Peer
from server.errors import ConfigError, PeerUnavailable
from tests.fixtures.certificates import Authority
from tests.fixtures.listener_process import listening
from tests.fixtures.orthanc import Orthanc, running, with_tls

pytestmark = pytest.mark.integration

OFFERS = [Offer(VERIFICATION, PLAIN)]


@dataclass
class Secured:
    """An Orthanc that speaks mutual TLS, and how to call it."""

    orthanc: Orthanc
    authority: Authority
    folder: Path
    tls: TlsSection

    def peer(self, tls: TlsSection | None, host: str = "127.0.0.1") -> Peer:
        section = PeerSection(host=host, port=self.orthanc.dicom_port, ae_title="ORTHANC", tls=tls)
        return Peer.configured(section, DicomConfig(association_timeout_s=5, network_timeout_s=5))

    def reason(self, tls: TlsSection | None, host: str = "127.0.0.1") -> str:
        """Why it is not reached so."""
        with pytest.raises(PeerUnavailable) as raised:
            Association(self.peer(tls, host), OFFERS).open()
        assert raised.value.next_step
        return str(raised.value)


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    folder = tmp_path_factory.mktemp("tls")
    authority = Authority(folder)
    server, client = authority.issue("pacs", "127.0.0.1"), authority.issue("booth", "booth.example")
    tls = TlsSection(ca_file=authority.path, certificate_file=client.certificate, key_file=client.key)
    with running(with_tls(server, authority)) as orthanc:
        yield Secured(orthanc, authority, folder, tls)


def test_both_show_a_certificate(secured: Secured) -> None:
    with Association(secured.peer(secured.tls), OFFERS) as association:
        association.echo()


def test_another_name_in_the_certificate(secured: Secured) -> None:
    assert "tls.host_name" in secured.reason(secured.tls, host="localhost")
    named = secured.tls.model_copy(update={"host_name": "127.0.0.1"})
    with Association(secured.peer(named, host="localhost"), OFFERS) as association:
        association.echo()


def test_an_authority_that_is_not_trusted(secured: Secured) -> None:
    other = Authority(secured.folder, "other")
    assert "tls.ca_file" in secured.reason(secured.tls.model_copy(update={"ca_file": other.path}))
    stranger = other.issue("stranger", "booth.example")
    ours = {"certificate_file": stranger.certificate, "key_file": stranger.key}
    assert "trust" in secured.reason(secured.tls.model_copy(update=ours))


def test_no_certificate_of_ours(secured: Secured) -> None:
    assert "certificate" in secured.reason(TlsSection(ca_file=secured.authority.path))


def test_plain_dicom_at_a_tls_port(secured: Secured) -> None:
    assert "TLS" in secured.reason(None)


def test_tls_at_a_plain_port(secured: Secured, orthanc: Orthanc) -> None:
    peer = replace(secured.peer(secured.tls), port=orthanc.dicom_port)
    with pytest.raises(PeerUnavailable, match="TLS"):
        Association(peer, OFFERS).open()


def test_tls_before_1_2_is_not_spoken(secured: Secured) -> None:
    assert secured.tls.client_context().minimum_version is ssl.TLSVersion.TLSv1_2
    assert secured.tls.server_context().verify_mode is ssl.CERT_REQUIRED


def test_the_listener_wants_a_certificate(secured: Secured, tmp_path: Path) -> None:
    served = secured.authority.issue("listener", "127.0.0.1")
    table = [
        "[dicom.listener.tls]",
        f'ca_file = "{secured.authority.path}"',
        f'certificate_file = "{served.certificate}"',
        f'key_file = "{served.key}"',
    ]
    with listening(tmp_path / "data", *table) as listener:
        section = PeerSection(host="127.0.0.1", port=listener.port, ae_title="DERMABOOTH", tls=secured.tls)
        peer = Peer.configured(section, DicomConfig(ae_title="ORTHANC"))
        with Association(peer, OFFERS) as association:
            association.echo()
        bare = section.model_copy(update={"tls": TlsSection(ca_file=secured.authority.path)})
        with pytest.raises(PeerUnavailable, match="certificate"):
            Association(Peer.configured(bare, DicomConfig(ae_title="ORTHANC")), OFFERS).open()
        with pytest.raises(PeerUnavailable):
            Association(replace(peer, tls=None), OFFERS).open()


def test_files_that_are_no_certificates(tmp_path: Path, secured: Secured) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing")
    with pytest.raises(ConfigError, match=r"tls\.ca_file"):
        TlsSection(ca_file=empty).client_context()
    mixed = secured.tls.model_copy(update={"key_file": empty})
    with pytest.raises(ConfigError, match="own key"):
        mixed.client_context()
