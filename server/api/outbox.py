"""The outbox: what goes where, and what a person says about it."""

import asyncio
import time

import msgspec
from aiohttp import web

from server.access import Scope
from server.api.about import About, choice, text, whole
from server.api.resources import STORE, json_response, number_in_query, text_in_query
from server.api.routes import Route, route
from server.api.schemas import DeliveryInfo, DestinationInfo, OutboxPage, Retried, RetryParked
from server.errors import NotFound
from server.store import Delivery, DeliverySearch, DeliveryState, Store

_LONGEST_SEARCH = 100
_LARGEST_ID = 2**53
_SEARCH = (
    whole("limit", 1, 500, 50),
    whole("before", 0, _LARGEST_ID, meaning="deliveries with lower numbers"),
    text("study", 64, "Study Instance UID of the visit"),
    text("q", _LONGEST_SEARCH, "words of the patient's name or ID"),
    text("destination", 32),
    choice("state", tuple(state.value for state in DeliveryState)),
)


def routes() -> list[Route]:
    """The routes of the outbox."""
    return [
        route("GET", "/api/outbox", outbox, Scope.READ, answer=OutboxPage, about=About(parameters=_SEARCH)),
        route(
            "POST",
            "/api/outbox/retry",
            retry_parked,
            Scope.ADMIN,
            answer=Retried,
            about=About(takes=RetryParked),
        ),
        route(
            "POST",
            "/api/outbox/{delivery:[0-9]+}/retry",
            retry,
            Scope.ADMIN,
            answer=DeliveryInfo,
            about=About(problems=(409,)),
        ),
        route(
            "POST",
            "/api/outbox/{delivery:[0-9]+}/park",
            park,
            Scope.ADMIN,
            answer=DeliveryInfo,
            about=About(problems=(409,)),
        ),
    ]


async def outbox(request: web.Request) -> web.Response:
    """The destinations with their numbers, and the newest deliveries that were searched for, at most `limit`.

    Of the visit `study`, of patients whose name or ID holds every word of `q`, to `destination`, in `state`, with numbers
    below `before`.
    """
    limit = int(number_in_query(request, "limit", 50, 1, 500))
    before = int(number_in_query(request, "before", 0, 0, _LARGEST_ID))
    search = DeliverySearch(
        study_instance_uid=text_in_query(request, "study", 64),
        words=text_in_query(request, "q", _LONGEST_SEARCH),
        destination=text_in_query(request, "destination", 32),
        state=_state_in_query(request),
        before=before or None,
    )
    store = request.app[STORE]
    found = await store.deliveries.find(search, limit=limit)
    page = OutboxPage(
        destinations=await _destinations(store),
        deliveries=tuple(map(_describe, found)),
        next_before=found[-1].id if len(found) == limit else None,
    )
    return json_response(page)


async def retry(request: web.Request) -> web.Response:
    """Try a delivery now, whatever it waits for; the outbox hears of it within two seconds."""
    return json_response(_describe(await request.app[STORE].deliveries.retry(_number_in_path(request))))


async def park(request: web.Request) -> web.Response:
    """Try a delivery no more until it is retried."""
    return json_response(_describe(await request.app[STORE].deliveries.park(_number_in_path(request))))


async def retry_parked(request: web.Request) -> web.Response:
    """Try every parked delivery of the `destination` in the body now."""
    asked = msgspec.json.decode(await request.read(), type=RetryParked)
    return json_response(Retried(retried=await request.app[STORE].deliveries.retry_parked(asked.destination)))


async def _destinations(store: Store) -> tuple[DestinationInfo, ...]:
    """Those that are configured, in their order, then those that only old deliveries name."""
    counts, last = await asyncio.gather(store.deliveries.counts(), store.deliveries.last_successes())
    configured = [one.name for one in store.deliveries.routes]
    names = dict.fromkeys([*configured, *sorted(counts)])
    return tuple(
        DestinationInfo(
            name=name,
            configured=name in configured,
            deliveries={state.value: counts.get(name, {}).get(state, 0) for state in DeliveryState},
            last_success_at=last.get(name),
        )
        for name in names
    )


def _describe(one: Delivery) -> DeliveryInfo:
    due = one.state in (DeliveryState.WAITING, DeliveryState.STORED) and one.not_before > time.time()
    return DeliveryInfo(
        id=one.id,
        destination=one.destination,
        study_instance_uid=one.instance.study_instance_uid,
        sop_instance_uid=one.instance.sop_instance_uid,
        still_uid=one.instance.still_uid,
        kind=one.instance.kind,
        modality=one.instance.modality,
        state=one.state.value,
        attempts=one.attempts,
        next_try_at=one.not_before if due else None,
        reason=one.reason,
        next_step=one.next_step,
        created_at=one.created_at,
        stored_at=one.stored_at,
        committed_at=one.committed_at,
    )


def _state_in_query(request: web.Request) -> DeliveryState | None:
    text = text_in_query(request, "state", 16)
    try:
        return DeliveryState(text) if text else None
    except ValueError as error:
        raise web.HTTPBadRequest(text=f"`state` must be one of {', '.join(DeliveryState)}") from error


def _number_in_path(request: web.Request) -> int:
    number = int(request.match_info["delivery"][:20])
    if number > _LARGEST_ID:
        raise NotFound("no such delivery")
    return number
