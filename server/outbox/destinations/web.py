"""Requests to a web service: bounded in time and size, with reasons in words."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp

from server.config.destinations import WebSection
from server.config.secrets import read_secret
from server.errors import DestinationUnavailable

_CONNECT_S = 10.0
_LONGEST_RETRY_AFTER_S = 3600.0


@dataclass(frozen=True)
class Answer:
    """What the service answered: 2xx, or a refusal that is for the caller to judge."""

    status: int
    body: bytes
    content_type: str = ""

    @property
    def good(self) -> bool:
        """Whether the service did what was asked."""
        return 200 <= self.status < 300


class WebService:
    """One service; its connections are kept open until `close`."""

    def __init__(self, section: WebSection, *, most_bytes: int) -> None:
        """`most_bytes`: of an answer. Raises `ConfigError`."""
        self._section = section
        self._where = urlsplit(section.url).netloc
        self._most_bytes = most_bytes
        self._tls = None if section.tls is None else section.tls.client_context()
        self._session: aiohttp.ClientSession | None = None
        self._secret()

    async def ask(
        self,
        method: str,
        path: str = "",
        *,
        body: bytes | AsyncIterator[bytes] | None = None,
        headers: Mapping[str, str],
    ) -> Answer:
        """One request below the service's address; given up when `timeout_s` pass without a step forward.

        Each piece of a body that the service takes is such a step; its answer is one. Raises `DestinationUnavailable` for
        everything that time or another setting may mend: no answer, a server's own failure (5xx), too many requests, an
        account that is not known.
        """
        url = f"{self._section.url}{path}"
        allowed_s = self._section.timeout_s
        try:
            async with asyncio.timeout(allowed_s) as limit:
                data = _extending(limit, allowed_s, body) if isinstance(body, AsyncIterator) else body
                async with self._open().request(
                    method, url, data=data, headers={**self._secret(), **headers}, allow_redirects=False
                ) as response:
                    return await self._read(response)
        except TimeoutError as error:
            raise DestinationUnavailable(
                f"{self._where} did not answer within {allowed_s:.3g} s; see that it is up and how busy it is"
            ) from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise DestinationUnavailable(f"{self._where} {_fault(error)}") from error

    async def close(self) -> None:
        """Close the connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _read(self, response: aiohttp.ClientResponse) -> Answer:
        status = response.status
        if 300 <= status < 400:
            raise DestinationUnavailable(f"{self._where} redirects; set url to where it redirects")
        if status in (401, 403):
            raise DestinationUnavailable(
                f"{self._where} does not let us in ({status}); renew token_file, or have the account allowed there"
            )
        if status in (408, 425, 429) or status >= 500:
            raise DestinationUnavailable(
                f"{self._where} is not able to take it now ({status}); it is tried again, see its log",
                retry_after_s=_retry_after(response.headers.get("Retry-After", "")),
            )
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise DestinationUnavailable(
                f"{self._where} compresses its answers although none was asked for; switch that off there"
            )
        body = bytearray()
        async for piece in response.content.iter_chunked(65_536):
            body += piece
            if len(body) > self._most_bytes:
                raise DestinationUnavailable(f"{self._where} answers with more than {self._most_bytes} bytes")
        return Answer(status, bytes(body), response.content_type)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=True if self._tls is None else self._tls, limit=1),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_S),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                headers={"Accept-Encoding": "identity"},
            )
        return self._session

    def _secret(self) -> dict[str, str]:
        """The secret, read anew: it may be renewed while we run. Raises `ConfigError`."""
        section, name = self._section, f"destination {self._section.name}"
        if section.token_file is not None:
            return {"Authorization": f"Bearer {read_secret(section.token_file, f'{name}: token_file')}"}
        if section.password_file is not None:
            password = read_secret(section.password_file, f"{name}: password_file")
            return {"Authorization": aiohttp.BasicAuth(section.user, password, "utf-8").encode()}
        return {}


async def _extending(
    limit: asyncio.Timeout, allowed_s: float, body: AsyncIterator[bytes]
) -> AsyncIterator[bytes]:
    """The body; the limit begins anew with each piece that was taken."""
    async for piece in body:
        limit.reschedule(asyncio.get_running_loop().time() + allowed_s)
        yield piece


def _fault(error: Exception) -> str:
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return (
                "shows a certificate that is not accepted; set tls.ca_file to its authority, or correct url"
            )
        case aiohttp.ClientSSLError():
            return "refuses the TLS handshake; see that it speaks TLS there and trusts tls.certificate_file"
        case aiohttp.ClientConnectorError():
            return "does not answer; start it, or correct url"
        case aiohttp.ClientOSError() | aiohttp.ServerDisconnectedError():
            return "broke the connection off; see its log, and what it allows in one request"
        case _:
            return f"does not answer as a web server ({type(error).__name__}); correct url"


def _retry_after(text: str) -> float | None:
    with contextlib.suppress(ValueError):
        return min(max(float(text), 0.0), _LONGEST_RETRY_AFTER_S)
    return None
