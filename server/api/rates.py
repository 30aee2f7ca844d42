"""How often one caller may post, change and end live sessions (RFC 9725 section 5), and what other origins may read."""

from collections import OrderedDict

from aiohttp import hdrs, web

from server.api.routes import Handler
from server.errors import AccessDenied
from server.live import Allowance

_PATHS = ("/whip/", "/whep/")
_READ_BY_OTHERS = (*_PATHS, "/dicom-web/")
_CHANGES = frozenset({hdrs.METH_POST, hdrs.METH_PATCH, hdrs.METH_DELETE})
_CALLERS = 4096
_CORS = {
    hdrs.ACCESS_CONTROL_ALLOW_ORIGIN: "*",
    hdrs.ACCESS_CONTROL_EXPOSE_HEADERS: "Location, ETag, Link, Retry-After, WWW-Authenticate",
}


class CallerRates:
    """Offers and other requests of each caller: half a minute's at once, then at their rate.

    A caller is a token at an address; those without a token that opens the door are one caller per address. The newest
    4096 callers are remembered.
    """

    def __init__(self, offers_per_minute: int, requests_per_minute: int) -> None:
        self._per_minute = {True: offers_per_minute, False: requests_per_minute}
        self._callers: OrderedDict[tuple[str, str, bool], Allowance] = OrderedDict()
        self.refused = 0
        """Requests answered 429."""

    def take(self, subject: str, address: str, *, offer: bool) -> None:
        """Count a request; raises `HTTPTooManyRequests`."""
        per_minute = self._per_minute[offer]
        key = (subject, address, offer)
        allowance = self._callers.pop(key, None) or Allowance(max(1, per_minute / 2), per_minute / 60)
        self._callers[key] = allowance
        if len(self._callers) > _CALLERS:
            self._callers.popitem(last=False)
        if not allowance.take():
            self.refused += 1
            wait_s = int(allowance.wait_s) + 1
            what = "offers" if offer else "requests"
            raise web.HTTPTooManyRequests(
                text=f"at most {per_minute} {what} a minute are taken from one caller; wait {wait_s} s",
                headers={hdrs.RETRY_AFTER: str(wait_s)},
            )


RATES = web.AppKey("caller_rates", CallerRates)
"""Without them nothing is counted."""


def count(request: web.Request, subject: str) -> None:
    """Count a request to the live doors that changes something; raises `HTTPTooManyRequests`."""
    rates = request.app.get(RATES)
    if rates is not None and request.method in _CHANGES:
        rates.take(subject, request.remote or "", offer=bool(subject) and request.method == hdrs.METH_POST)


@web.middleware
async def count_strangers(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer 429 to who knocks at the live doors too often with no token, or one that does not open them.

    Others at the same address, behind one proxy, are not held to it.
    """
    try:
        return await handler(request)
    except (AccessDenied, web.HTTPForbidden):
        if request.path.startswith(_PATHS):
            count(request, "")
        raise


@web.middleware
async def cross_origin(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let pages of any origin read what the live doors and DICOMweb answer, errors too: a token opens them, not a cookie."""
    response = await handler(request)
    if request.path.startswith(_READ_BY_OTHERS):
        response.headers.update(_CORS)
    return response
