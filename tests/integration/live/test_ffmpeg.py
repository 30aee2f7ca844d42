"""FFmpeg's WHIP muxer, which sends H.264, at the server's doors."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiortc import RTCPeerConnection
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from server.access import Scope
from tests.integration.live.clients import WhepViewer, answered, offer_of, seen
from tests.integration.live.conftest import Server
from tests.integration.live.processes import running

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("patience")]

FRAMES = 30


def certificate(folder: Path, curve: ec.EllipticCurve) -> list[str]:
    """The options that give the muxer a certificate, as `openssl req -newkey ec` makes it."""
    key = ec.generate_private_key(curve)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "booth")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(Encoding.PEM))
    form = (Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    (folder / "key.pem").write_bytes(key.private_bytes(*form))
    return [f"cert_file={folder / 'cert.pem'}", f"key_file={folder / 'key.pem'}"]


@pytest.mark.parametrize("role", ["passive", "active"])
async def test_ffmpeg_publishes(
    server: Server, connection: RTCPeerConnection, tmp_path: Path, role: str
) -> None:
    options = certificate(tmp_path, ec.SECP256R1())
    if role == "active":
        options.append("whip_flags=dtls_active")
    token = server.tokens.issue("booth1", [Scope.PUBLISH])
    viewer = WhepViewer(connection)
    async with running("ffmpeg_process", f"{server.url}/whip/booth1", token, *options) as ffmpeg:
        async with asyncio.timeout(60):
            while not any(one.live for one in server.hub.state().booths):
                assert ffmpeg.process.returncode is None
                await asyncio.sleep(0.02)
        assert await viewer.join(server) == 201
        await seen(viewer, FRAMES)
        matched = await answered(viewer, FRAMES // 2)
        await ffmpeg.end()
    async with asyncio.timeout(10):  # by DELETE: silence alone takes longer
        while server.hub.state().booths[0].live:
            await asyncio.sleep(0.01)
    await viewer.leave()
    numbers = list(viewer.seen.numbers.values())
    assert numbers == sorted(set(numbers))
    assert all(viewer.seen.numbers[key] == viewer.seen.overlays[key] for key in matched)


async def test_a_curve_that_tls_gave_up_fails_and_leaves_nothing(server: Server, tmp_path: Path) -> None:
    options = certificate(tmp_path, ec.SECP224R1())
    token = server.tokens.issue("booth1", [Scope.PUBLISH])
    async with running("ffmpeg_process", f"{server.url}/whip/booth1", token, *options) as ffmpeg:
        async with asyncio.timeout(60):
            assert await ffmpeg.process.wait() != 0
            while server.hub.state().sessions:
                await asyncio.sleep(0.02)


async def test_a_viewer_without_h264_is_told_so(
    server: Server, connection: RTCPeerConnection, tmp_path: Path
) -> None:
    options = certificate(tmp_path, ec.SECP256R1())
    token = server.tokens.issue("booth1", [Scope.PUBLISH])
    async with running("ffmpeg_process", f"{server.url}/whip/booth1", token, *options):
        async with asyncio.timeout(60):
            while not any(one.live for one in server.hub.state().booths):
                await asyncio.sleep(0.02)
        sdp = (await offer_of(connection, "recvonly")).replace("H264/90000", "H265/90000")
        url, headers = f"{server.url}/whep/booth1", server.headers(Scope.READ)
        async with server.http.post(url, data=sdp, headers=headers) as response:
            assert response.status == 422
            assert "sends H264" in (await response.json())["detail"]
