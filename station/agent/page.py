"""The kiosk page, served on the booth's own interface."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from station.config import KioskConfig
from station.errors import ConfigError
from station.kiosk import KioskAgent, make_kiosk

_SHUTDOWN_S = 2.0


@asynccontextmanager
async def serve_page(agent: KioskAgent, web_root: Path, config: KioskConfig) -> AsyncIterator[str]:
    """The page's address, for as long as it is served; raises `ConfigError` if its port is taken."""
    runner = web.AppRunner(make_kiosk(agent, web_root), access_log=None, shutdown_timeout=_SHUTDOWN_S)
    await runner.setup()
    try:
        site = web.TCPSite(runner, config.host, config.port)
        try:
            await site.start()
        except OSError as error:
            raise ConfigError(
                f"kiosk.port {config.port} on {config.host} cannot be used: {error.strerror}"
            ) from error
        host = f"[{config.host}]" if ":" in config.host else config.host
        yield f"http://{host}:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()
