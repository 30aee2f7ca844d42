"""The `live` process: previews, overlays, pages and API."""

import asyncio
import contextlib
import gc
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web

from server.access import Tokens, admin_token
from server.api import (
    LOOPBACK_NAMES,
    ApiParts,
    ApiSettings,
    EventHub,
    HubBoard,
    make_api,
    read_smallest_changes,
)
from server.api.auditing import AUDIT
from server.api.metrics import routes as metrics_routes
from server.api.rates import RATES, CallerRates
from server.api.signalling import LIVE
from server.api.watching import WATCHING, Watching
from server.api.whep import routes as whep_routes
from server.api.whip import routes as whip_routes
from server.app import ready
from server.app.auditing import auditing
from server.app.jpeg import jpeg_door
from server.config import LiveConfig, ServerConfig
from server.errors import ConfigError
from server.events import Event, EventReceiver
from server.inference import TritonClient, model_info
from server.live import IceServer, LiveAnalyst, LiveHub
from server.orders import kept_list
from server.store import Archive, Store, routes_of


async def run_live(config: ServerConfig, *, models: Path, web_root: Path, version: str) -> None:
    """Serve previews and pages until cancelled."""
    os.umask(ready.PRIVATE)
    async with contextlib.AsyncExitStack() as stack:
        auditor = stack.enter_context(auditing(config, "live"))
        archive = Archive(config.archive)
        store = Store.open(config.database_url, routes=routes_of(config.destinations), archive=archive)
        stack.push_async_callback(store.close)
        triton = await stack.enter_async_context(TritonClient(config.triton.url))
        hub = await stack.enter_async_context(_live_hub(triton, models, config.live))
        await stack.enter_async_context(jpeg_door(hub, config))
        events = EventHub(HubBoard(hub))
        admin_token(config.keys)
        parts = ApiParts(
            settings=_api_settings(config, web_root, version),
            tokens=Tokens.open(config.keys),
            store=store,
            archive=archive,
            hub=events,
            checks={"triton": triton.ready, "audit": auditor.ready},
            auditor=auditor,
            audit_repeat_after_s=config.audit.repeat_after_s,
            institution=config.dicom.institution_name,
            orders=kept_list(config.orders, config.dicom, config.data),
        )
        app = _application(parts, hub, config.live)
        await stack.enter_async_context(EventReceiver(config.run, _heard(events, app[WATCHING])))
        url = await stack.enter_async_context(_serve(app, config))
        stack.callback(ready.withdraw, config.run, "live")
        # What is here now stays: sweeps after sessions need not look at it again.
        gc.freeze()
        ready.announce(config.run, "live", http=url)
        await asyncio.Event().wait()


def _application(parts: ApiParts, hub: LiveHub, config: LiveConfig) -> web.Application:
    """API and pages, with the previews among them."""
    app = make_api(parts, [*whip_routes(), *whep_routes(), *metrics_routes()])
    app[LIVE], app[WATCHING] = hub, Watching(app[AUDIT], hub)
    app[RATES] = CallerRates(config.offers_per_minute, config.requests_per_minute)
    return app


def _heard(events: EventHub, watching: Watching) -> Callable[[Event], Awaitable[None]]:
    """What is done with an event of another process: the pages hear of it, and who watches is kept on record."""

    async def heard(event: Event) -> None:
        events.publish(event)
        await watching.heard(event)

    return heard


@contextlib.asynccontextmanager
async def _live_hub(triton: TritonClient, models: Path, config: LiveConfig) -> AsyncIterator[LiveHub]:
    live = model_info(models, "live")
    ice = [IceServer(one.urls, one.username, one.credential()) for one in config.ice_servers]
    async with (
        LiveAnalyst(triton) as analyst,
        LiveHub(analyst, model=f"{live.name}/{live.version}", ice_servers=ice) as hub,
    ):
        yield hub


@contextlib.asynccontextmanager
async def _serve(app: web.Application, config: ServerConfig) -> AsyncIterator[str]:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=2.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, config.http.host, config.http.port)
        try:
            await site.start()
        except OSError as error:
            address = f"{config.http.host}:{config.http.port}"
            raise ConfigError(f"pages cannot be served at {address} (http.port): {error.strerror}") from error
        host, port = runner.addresses[0][:2]
        yield config.http.public_url or f"http://{host}:{port}"
    finally:
        await runner.cleanup()


def _api_settings(config: ServerConfig, web_root: Path, version: str) -> ApiSettings:
    public, names = urlsplit(config.http.public_url), LOOPBACK_NAMES | {config.http.host}
    report = config.analysis.repeatability
    return ApiSettings(
        web_root=web_root,
        version=version,
        hosts=names | ({public.hostname} if public.hostname else set()),
        origins=frozenset({f"{public.scheme}://{public.netloc}"} if public.hostname else ()),
        smallest_changes={} if report is None else read_smallest_changes(report),
        secure_cookie=public.scheme == "https",
    )
