"""STOW-RS servers that refuse, overflow and lie: each parcel has its fate, with a reason and what to do."""

import asyncio
import contextlib
import json
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import psutil
import pydicom
import pytest
from aiohttp import web

from server.config.destinations import StowSection
from server.config.tls import TlsSection
from server.errors import ConfigError, DestinationUnavailable
from server.outbox import Fate, Parcel
from server.outbox.destinations.stow import StowDestination
from tests.fixtures.certificates import Authority
from tests.fixtures.orthanc import Orthanc
from tests.fixtures.parcels import photos, sent

pytestmark = pytest.mark.integration

TOKEN = "a-token-of-4711"
MORE_MB = 100
MUTATIONS = 60

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@contextlib.asynccontextmanager
async def serving(handler: Handler, **site: object) -> AsyncIterator[str]:
    """The root of a web server that treats every request so."""
    app = web.Application(client_max_size=1 << 30)
    app.router.add_route("*", "/{tail:.*}", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, **site).start()  # type: ignore[arg-type]
        scheme = "https" if "ssl_context" in site else "http"
        yield f"{scheme}://127.0.0.1:{runner.addresses[0][1]}/dicom-web"
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def destination(url: str, folder: Path, **more: object) -> AsyncIterator[StowDestination]:
    section = StowSection.model_validate(
        {"type": "stow", "name": "pacs", "url": url, "timeout_s": 20, **more}
    )
    opened = StowDestination(section, folder / "run")
    try:
        yield opened
    finally:
        await opened.close()


@pytest.fixture
def parcels(tmp_path: Path) -> list[Parcel]:
    return photos(tmp_path)[:4]


def answering(status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> Handler:
    async def handler(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(status=status, body=body, headers=headers)

    return handler


def stored(uids: list[str], failed: dict[str, int] | None = None) -> bytes:
    def item(uid: str, **more: int) -> dict[str, object]:
        reasons = {"00081197": {"vr": "US", "Value": [more["reason"]]}} if more else {}
        return {"00081155": {"vr": "UI", "Value": [uid]}, **reasons}

    told: dict[str, object] = {"00081199": {"vr": "SQ", "Value": [item(uid) for uid in uids]}}
    if failed:
        items = [item(uid, reason=reason) for uid, reason in failed.items()]
        told["00081198"] = {"vr": "SQ", "Value": items}
    return json.dumps(told).encode()


@pytest.mark.parametrize(
    ("status", "headers", "reason"),
    [
        (401, {}, "renew token_file"),
        (403, {}, "have the account allowed"),
        (404, {}, "correct url"),
        (500, {}, r"not able to take it now \(500\)"),
        (301, {"Location": "https://elsewhere.example/"}, "redirects"),
        (307, {"Location": "https://elsewhere.example/"}, "redirects"),
        (429, {"Retry-After": "17"}, "not able to take it now"),
        (503, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, "not able to take it now"),
        (200, {"Content-Encoding": "gzip"}, "compresses"),
    ],
)
async def test_a_server_that_is_of_no_use_now(
    status: int, headers: dict[str, str], reason: str, tmp_path: Path, parcels: list[Parcel]
) -> None:
    async with (
        serving(answering(status, headers=headers)) as url,
        destination(url, tmp_path) as pacs,
    ):
        with pytest.raises(DestinationUnavailable, match=reason) as raised:
            await sent(pacs, parcels)
        assert raised.value.retry_after_s == (17 if status == 429 else None)


@pytest.mark.parametrize("status", [400, 409, 413])
async def test_one_that_is_refused_does_not_hold_up_the_others(
    status: int, tmp_path: Path, parcels: list[Parcel]
) -> None:
    bad = parcels[1].sop_instance_uid

    async def handler(request: web.Request) -> web.Response:
        body = await request.read()
        if bad.encode() in body:
            return web.Response(status=status)
        return web.Response(body=b"")

    async with serving(handler) as url, destination(url, tmp_path) as pacs:
        outcomes = {one.sop_instance_uid: one for one in await sent(pacs, parcels)}
    assert outcomes.pop(bad).fate is Fate.PARKED
    assert {one.fate for one in outcomes.values()} == {Fate.STORED}


async def test_what_the_answer_says_of_each(tmp_path: Path, parcels: list[Parcel]) -> None:
    uids = [one.sop_instance_uid for one in parcels]
    body = stored([uids[0]], {uids[1]: 0xA700, uids[2]: 0x0122})
    async with serving(answering(202, body)) as url, destination(url, tmp_path) as pacs:
        outcomes = await sent(pacs, parcels)
    assert [one.fate for one in outcomes] == [Fate.STORED, Fate.AGAIN, Fate.PARKED, Fate.AGAIN]
    assert all(one.reason and one.next_step for one in outcomes[1:])


@pytest.mark.parametrize("status", [409, 415])
async def test_a_transfer_syntax_that_is_not_taken_is_changed(
    status: int, tmp_path: Path, parcels: list[Parcel]
) -> None:
    taken = []

    async def handler(request: web.Request) -> web.Response:
        uids = []
        reader = await request.multipart()
        while (part := await reader.next()) is not None:
            assert part.headers["Content-Type"] == "application/dicom"
            (tmp_path / "part").write_bytes(await part.read())  # type: ignore[union-attr]
            dataset = pydicom.dcmread(tmp_path / "part")
            uids.append(str(dataset.SOPInstanceUID))
            if dataset.file_meta.TransferSyntaxUID.is_compressed:
                refused = stored([], dict.fromkeys(uids, 0xC122)) if status == 409 else b""
                return web.Response(status=status, body=refused)
        taken.extend(uids)
        return web.Response(body=stored(uids))

    async with serving(handler) as url, destination(url, tmp_path, most_instances=1) as pacs:
        outcomes = await sent(pacs, parcels)
    assert {one.fate for one in outcomes} == {Fate.STORED}
    assert taken == [one.sop_instance_uid for one in parcels]
    assert not list((tmp_path / "run").glob("*/*"))


async def test_requests_are_bounded(tmp_path: Path, parcels: list[Parcel]) -> None:
    counts = []

    async def handler(request: web.Request) -> web.Response:
        body = await request.read()
        assert request.content_length == len(body)
        counts.append(body.count(b"Content-Type: application/dicom"))
        return web.Response()

    async with serving(handler) as url, destination(url, tmp_path, most_instances=3) as pacs:
        await sent(pacs, parcels)
    assert counts == [3, 1]


async def test_a_large_object_is_not_held_in_memory(tmp_path: Path, parcels: list[Parcel]) -> None:
    with parcels[0].path.open("ab") as file:
        file.truncate(400_000_000)

    async def handler(request: web.Request) -> web.Response:
        async for _ in request.content.iter_chunked(1 << 20):
            pass
        return web.Response()

    before = used_mb()
    async with serving(handler) as url, destination(url, tmp_path, timeout_s=60) as pacs:
        await sent(pacs, parcels[:1])
        assert used_mb() - before < MORE_MB


def used_mb() -> float:
    return float(psutil.Process().memory_info().rss) / 1e6


async def test_answers_without_end(tmp_path: Path, parcels: list[Parcel]) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            for _ in range(500):
                await response.write(bytes(1_000_000))
        return response

    before = used_mb()
    async with serving(handler) as url, destination(url, tmp_path, timeout_s=20) as pacs:
        with pytest.raises(DestinationUnavailable, match="more than 8000000 bytes"):
            await pacs.confirm(parcels)
    assert used_mb() - before < MORE_MB


async def test_a_server_that_never_answers(tmp_path: Path, parcels: list[Parcel]) -> None:
    over = asyncio.Event()

    async def handler(request: web.Request) -> web.Response:
        await over.wait()
        return web.Response()

    async with serving(handler) as url, destination(url, tmp_path, timeout_s=0.2) as pacs:
        with pytest.raises(DestinationUnavailable, match="did not answer within"):
            await pacs.confirm(parcels)
        with pytest.raises(DestinationUnavailable, match="did not answer within"):
            await sent(pacs, parcels[:1])
        over.set()
        await asyncio.sleep(0.05)


async def test_a_server_that_is_no_web_server(
    tmp_path: Path, parcels: list[Parcel], orthanc: Orthanc
) -> None:
    async with destination(f"http://127.0.0.1:{orthanc.dicom_port}", tmp_path) as pacs:
        with pytest.raises(DestinationUnavailable):
            await sent(pacs, parcels)


async def test_mutated_answers(tmp_path: Path, parcels: list[Parcel], orthanc: Orthanc) -> None:
    """Changed answers of QIDO-RS prove nothing that is not there."""
    chance = random.Random(8)
    uids = [one.sop_instance_uid for one in parcels]
    study = parcels[0].study_instance_uid
    found = [
        {"00080018": {"vr": "UI", "Value": [uid]}, "0020000D": {"vr": "UI", "Value": [study]}} for uid in uids
    ]
    bodies = []
    for _ in range(MUTATIONS):
        body = bytearray(json.dumps(found).encode() if chance.random() < 0.5 else stored(uids))
        for _ in range(chance.randint(1, 5)):
            at = chance.randrange(len(body))
            body[at : at + chance.randint(0, 9)] = chance.randbytes(chance.randint(0, 9))
        bodies.append(bytes(body))

    async def handler(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(body=bodies[0], status=chance.choice([200, 200, 202, 409]))

    before = used_mb()
    async with serving(handler) as url, destination(url, tmp_path) as pacs:
        while bodies:
            with contextlib.suppress(DestinationUnavailable):
                assert {one.fate for one in await pacs.confirm(parcels)} <= {Fate.COMMITTED, Fate.STORED}
            with contextlib.suppress(DestinationUnavailable):
                told = await sent(pacs, parcels)
                assert sorted(one.sop_instance_uid for one in told) == sorted(uids)
            bodies.pop(0)
    assert used_mb() - before < MORE_MB


async def test_another_study_is_no_proof(tmp_path: Path, parcels: list[Parcel]) -> None:
    found = [
        {
            "00080018": {"vr": "UI", "Value": [one.sop_instance_uid]},
            "0020000D": {"vr": "UI", "Value": ["1.2.3"]},
        }
        for one in parcels
    ]
    async with (
        serving(answering(200, json.dumps(found).encode())) as url,
        destination(url, tmp_path, found_within_s=0.2) as pacs,
    ):
        assert {one.fate for one in await pacs.confirm(parcels)} == {Fate.STORED}
        await asyncio.sleep(0.3)
        assert {one.fate for one in await pacs.confirm(parcels)} == {Fate.AGAIN}


async def test_the_token_is_sent_and_never_told(
    tmp_path: Path, parcels: list[Parcel], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    heard = []

    async def handler(request: web.Request) -> web.Response:
        heard.append(request.headers["Authorization"])
        await request.read()
        return web.Response(status=401)

    file = tmp_path / "token"
    file.write_text(TOKEN)
    file.chmod(0o600)
    async with serving(handler) as url, destination(url, tmp_path, token_file=file) as pacs:
        with pytest.raises(DestinationUnavailable) as raised:
            await sent(pacs, parcels)
    assert set(heard) == {f"Bearer {TOKEN}"}
    assert TOKEN not in str(raised.value) + caplog.text
    file.chmod(0o644)
    section = StowSection(type="stow", name="pacs", url=url, token_file=file)
    with pytest.raises(ConfigError, match="chmod 600"):
        StowDestination(section, tmp_path)


def test_secrets_go_over_https_alone() -> None:
    with pytest.raises(ValueError, match="https"):
        StowSection(type="stow", name="pacs", url="http://pacs.example/web", token_file=Path("token"))
    for url in ("ftp://pacs/", "http://user:word@pacs/", "http://pacs/?a=b", "pacs"):
        with pytest.raises(ValueError, match="url"):
            StowSection(type="stow", name="pacs", url=url)


async def test_https_with_certificates_on_both_sides(tmp_path: Path, parcels: list[Parcel]) -> None:
    authority = Authority(tmp_path)
    server, client = authority.issue("server", "127.0.0.1"), authority.issue("client", "booth.example")
    context = TlsSection(
        ca_file=authority.path, certificate_file=server.certificate, key_file=server.key
    ).server_context()
    ours = {"certificate_file": client.certificate, "key_file": client.key}
    async with serving(answering(200), ssl_context=context) as url:
        async with destination(url, tmp_path, tls={"ca_file": authority.path, **ours}) as pacs:
            assert {one.fate for one in await sent(pacs, parcels)} == {Fate.STORED}
        async with destination(url, tmp_path, tls={"ca_file": authority.path}) as pacs:
            with pytest.raises(DestinationUnavailable):
                await sent(pacs, parcels)
        async with destination(url, tmp_path) as pacs:
            with pytest.raises(DestinationUnavailable, match=r"tls\.ca_file"):
                await sent(pacs, parcels)
