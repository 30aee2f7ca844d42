"""An HL7 FHIR server, R4 or R5, as the source of orders: ServiceRequest with Patient, Encounter and requester."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import aiohttp
import msgspec

from server.config.orders import FhirOrdersSection
from server.errors import OrdersUnavailable
from server.orders.days import bounds
from server.orders.fhir_entry import Included, read_request
from server.orders.fhir_shapes import Bundle, Resource, ServiceRequest
from server.orders.found import Found, Gathering, Unusable, merged
from server.orders.source import MOST_SOUGHT, Query, fits

MAX_PAGE_BYTES = 8 << 20
_MOST_PAGES = 50
_PAGE = 100
_INCLUDES = tuple(("_include", f"ServiceRequest:{name}") for name in ("patient", "requester", "encounter"))
_JSON = {"Accept": "application/fhir+json"}
_SPECIAL = str.maketrans({character: f"\\{character}" for character in "\\,|$"})
"""What a value of a search parameter must escape (FHIR section Search, escaping)."""

Parameters = Sequence[tuple[str, str]]


class FhirSource:
    """Asks a FHIR server. What is sought goes in bodies, because addresses end in logs; nothing is redirected."""

    def __init__(self, section: FhirOrdersSection, limit: int) -> None:
        parts = urlsplit(section.url)
        self.name = f"fhir@{parts.netloc}{parts.path}"
        self._url = section.url
        self._limit = limit
        self._query = parse_qsl(section.query, keep_blank_values=True)
        self._timeout = aiohttp.ClientTimeout(section.timeout_s)
        self._ssl = True if section.tls is None else section.tls.client_context()
        token = section.token()
        self._headers = {**_JSON, "Authorization": f"Bearer {token}"} if token else _JSON
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    async def expected(self, first: date, last: date) -> Found:
        """What is to be done from one day to another."""
        start, end = bounds(first, last)
        found = await self._ask(self._of_days(first, last), self._limit, sought=False)
        entries = [
            one for one in found.entries if one.scheduled_at is None or start <= one.scheduled_at < end
        ]
        return Found(tuple(entries), found.unusable, found.more)

    async def search(self, sought: str) -> Found:
        """Who is meant by a patient ID, an accession number or the beginning of a name."""
        answers = [await self._ask(one, 10 * MOST_SOUGHT, sought=True) for one in self._of_text(sought)]
        return fits(merged(answers, 10 * MOST_SOUGHT), sought)

    def list_queries(self, first: date, last: date) -> Sequence[Query]:
        """The parameters of `expected`."""
        return [Query(self.name, urlencode(self._of_days(first, last)).encode())]

    def search_queries(self, sought: str) -> Sequence[Query]:
        """The parameters of `search`."""
        return [Query(self.name, urlencode(one).encode()) for one in self._of_text(sought)]

    def _of_days(self, first: date, last: date) -> Parameters:
        start, end = bounds(first, last)
        days = (("occurrence", f"ge{_moment(start)}"), ("occurrence", f"lt{_moment(end)}"))
        return [*self._query, *days]

    def _of_text(self, sought: str) -> Sequence[Parameters]:
        """One search for each key that may be meant."""
        value = sought.translate(_SPECIAL)
        keys = ["patient.identifier", "identifier"]
        if not any(letter.isdigit() for letter in sought):
            keys.append("patient.name")
        return [[*self._query, (key, value)] for key in keys]

    async def close(self) -> None:
        """Close the connections."""
        self._closed = True
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _ask(self, parameters: Parameters, limit: int, *, sought: bool) -> Found:
        try:
            requests, included = await self._gather(parameters, limit, sought=sought)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise OrdersUnavailable(
                f"{self.name} does not answer ({type(error).__name__}); see that it runs"
            ) from None
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError):
            raise OrdersUnavailable(
                f"{self.name} does not answer with a FHIR Bundle; see orders.fhir.url"
            ) from None
        return _read(requests, included, limit)

    async def _gather(
        self, parameters: Parameters, limit: int, *, sought: bool
    ) -> tuple[list[msgspec.Raw], dict[str, msgspec.Raw]]:
        """The requests, and what was sent with them by each way that a reference may name it."""
        requests, included = list[msgspec.Raw](), dict[str, msgspec.Raw]()
        async for bundle in self._pages([*parameters, *_INCLUDES, ("_count", str(_PAGE))], sought=sought):
            for entry in bundle.entry:
                resource = msgspec.json.decode(entry.resource, type=Resource)
                if resource.resource_type == "ServiceRequest":
                    requests.append(entry.resource)
                else:
                    name = f"{resource.resource_type}/{resource.id}"
                    included[name] = included[f"{self._url}/{name}"] = entry.resource
                    included[entry.full_url] = entry.resource
            if len(requests) > limit:
                break
        return requests, included

    async def _pages(self, parameters: Parameters, *, sought: bool) -> AsyncIterator[Bundle]:
        if sought:
            bundle = await self._fetch("POST", f"{self._url}/ServiceRequest/_search", data=parameters)
        else:
            bundle = await self._fetch("GET", f"{self._url}/ServiceRequest", params=parameters)
        for _ in range(_MOST_PAGES):
            yield bundle
            following = next((link.url for link in bundle.link if link.relation == "next"), "")
            if not following:
                return
            bundle = await self._fetch("GET", self._own(following))

    def _own(self, url: str) -> str:
        """An address of the next page; raises `ValueError` for another server's, which the token is not for."""
        whole = urljoin(f"{self._url}/", url)
        own, given = urlsplit(self._url), urlsplit(whole)
        if (own.scheme, own.netloc) != (given.scheme, given.netloc):
            raise ValueError("the next page is another server's")
        return whole

    async def _fetch(
        self, method: str, url: str, *, params: Parameters | None = None, data: Parameters | None = None
    ) -> Bundle:
        if self._closed:
            raise OrdersUnavailable(f"{self.name} is not asked any more")
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout, headers=self._headers)
        form = None if data is None else aiohttp.FormData(data)
        async with self._session.request(
            method, url, params=params, data=form, ssl=self._ssl, allow_redirects=False
        ) as answer:
            if answer.status != 200:
                raise OrdersUnavailable(
                    f"{self.name} answers with status {answer.status}; {_advice(answer.status)}"
                )
            body = await _bounded(answer)
        bundle = await asyncio.to_thread(msgspec.json.decode, body, type=Bundle)
        if bundle.resource_type != "Bundle":
            raise ValueError("not a Bundle")
        return bundle


def _read(requests: Sequence[msgspec.Raw], included: Included, limit: int) -> Found:
    """The entries of requests; what cannot be one is told with its reason."""
    gathering = Gathering(limit)
    for raw in requests:
        try:
            gathering.add(read_request(msgspec.json.decode(raw, type=ServiceRequest), included))
        except msgspec.MsgspecError:
            gathering.refuse("ServiceRequest: not as FHIR has it")
        except Unusable as error:
            gathering.refuse(str(error))
    return gathering.found()


async def _bounded(answer: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for part in answer.content.iter_chunked(1 << 16):
        body += part
        if len(body) > MAX_PAGE_BYTES:
            raise ValueError("the answer is too long")
    return bytes(body)


def _advice(status: int) -> str:
    if status in (401, 403):
        return "see orders.fhir.token_file"
    return "see orders.fhir.query" if status == 400 else "see orders.fhir.url and that server's log"


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).astimezone().isoformat(timespec="seconds")
