"""Figures of the live previews and the outbox for Prometheus."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from aiohttp import hdrs, web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from server.access import Scope
from server.api.about import About
from server.api.rates import RATES, CallerRates
from server.api.resources import STORE
from server.api.routes import Route, route
from server.api.signalling import LIVE
from server.errors import StoreUnavailable
from server.live import BoothState, LiveHub, LiveState, ViewerState
from server.store import DeliveryState

_Family = type[GaugeMetricFamily] | type[CounterMetricFamily]
_PREFIX: Final = "dermabooth_live_"
_PER_BOOTH: Final[tuple[tuple[_Family, str, str, Callable[[BoothState], float]], ...]] = (
    (GaugeMetricFamily, "up", "1 while the booth's stream is connected", lambda one: one.live),
    (GaugeMetricFamily, "viewers", "Viewers of the booth", lambda one: len(one.viewers)),
    (GaugeMetricFamily, "frames_per_second", "Frames received", lambda one: one.frames_per_s),
    (CounterMetricFamily, "frames", "Frames received", lambda one: one.received),
    (CounterMetricFamily, "frames_analysed", "Frames that an overlay was made for", lambda one: one.analysed),
    (
        CounterMetricFamily,
        "frames_dropped",
        "Frames that a newer one replaced before their analysis",
        lambda one: one.dropped,
    ),
    (CounterMetricFamily, "overlays", "Overlays sent to the booth", lambda one: one.overlays_sent),
    (
        CounterMetricFamily,
        "gaps_given_up",
        "Times that a lost packet was not waited for any longer",
        lambda one: one.lost_packets_given_up,
    ),
)
_PER_VIEWER: Final[tuple[tuple[str, str, Callable[[ViewerState], int]], ...]] = (
    ("viewer_frames", "Frames forwarded to the viewer", lambda one: one.forwarded),
    ("viewer_frames_dropped", "Frames that the viewer was too slow for", lambda one: one.dropped),
    ("viewer_overlays", "Overlays sent to the viewer", lambda one: one.overlays),
    ("viewer_frames_late", "Frames that left at the deadline without their overlay", lambda one: one.late),
)


def routes() -> tuple[Route, ...]:
    """`/metrics`, in Prometheus' text format."""
    return (route(hdrs.METH_GET, "/metrics", _show, Scope.READ, about=About(sends=("text/plain",))),)


async def _show(request: web.Request) -> web.Response:
    """Frames, drops, overlays and latency of every booth and viewer; deliveries of every destination."""
    registry = CollectorRegistry()
    registry.register(_LiveFigures(request.app[LIVE], request.app.get(RATES)))
    registry.register(_OutboxFigures(await _deliveries(request)))
    return web.Response(body=generate_latest(registry), headers={hdrs.CONTENT_TYPE: CONTENT_TYPE_LATEST})


async def _deliveries(request: web.Request) -> Mapping[str, Mapping[DeliveryState, int]]:
    """By destination and state; none while the database is away, so that the live figures are told all the same."""
    store = request.app.get(STORE)
    if store is None:
        return {}
    try:
        return await store.deliveries.counts()
    except StoreUnavailable:
        return {}


class _LiveFigures(Collector):
    def __init__(self, hub: LiveHub, rates: CallerRates | None) -> None:
        self._hub = hub
        self._rates = rates

    def collect(self) -> Iterator[Metric]:
        state = self._hub.state()
        yield GaugeMetricFamily(
            _PREFIX + "inference_up", "1 while frames are analysed", value=state.inference.available
        )
        yield GaugeMetricFamily(_PREFIX + "sessions", "Booths and viewers connected", value=state.sessions)
        yield CounterMetricFamily(
            _PREFIX + "sessions_abusive", "Sessions ended for what their peer sent", value=state.abusive
        )
        if self._rates is not None:
            yield CounterMetricFamily(
                _PREFIX + "requests_refused",
                "Requests over the rate of one caller",
                value=self._rates.refused,
            )
        yield from _booths(state)
        yield _latency(state)
        yield from _viewers(state)


class _OutboxFigures(Collector):
    def __init__(self, counts: Mapping[str, Mapping[DeliveryState, int]]) -> None:
        self._counts = counts

    def collect(self) -> Iterator[Metric]:
        family = GaugeMetricFamily(
            "dermabooth_outbox_deliveries",
            "DICOM objects on their way to a destination, by state",
            labels=["destination", "state"],
        )
        for destination, counts in self._counts.items():
            for state in DeliveryState:
                family.add_metric([destination, state.value], counts.get(state, 0))
        yield family


def _booths(state: LiveState) -> Iterator[Metric]:
    for kind, name, meaning, value in _PER_BOOTH:
        family = kind(_PREFIX + name, meaning, labels=["booth"])
        for one in state.booths:
            family.add_metric([one.booth], value(one))
        yield family


def _latency(state: LiveState) -> Metric:
    family = GaugeMetricFamily(
        _PREFIX + "overlay_latency_seconds",
        "From a frame's last packet to its overlay sent to the booth, of the newest frames",
        labels=["booth", "quantile"],
    )
    for one in state.booths:
        if one.latency_ms.count:
            family.add_metric([one.booth, "0.5"], one.latency_ms.p50 / 1000)
            family.add_metric([one.booth, "0.95"], one.latency_ms.p95 / 1000)
    return family


def _viewers(state: LiveState) -> Iterator[Metric]:
    for name, meaning, value in _PER_VIEWER:
        family = CounterMetricFamily(_PREFIX + name, meaning, labels=["booth", "viewer", "sync"])
        for booth in state.booths:
            for one in booth.viewers:
                family.add_metric([booth.booth, str(one.number), one.sync], value(one))
        yield family
