"""The demo's server, started before anything that takes long to load."""

import contextlib
import socket
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dermabooth.demo.options import DemoOptions
from dermabooth.demo.processes import program, read_announcement, wait_up
from dermabooth.demo.sending import destinations_of, in_environment
from server.app.ready import ROLES
from server.config import ServerConfig

START_LIMIT_S: Final = 120.0


@dataclass(frozen=True)
class RunningServer:
    """A server whose Triton is up; its own processes may still be starting."""

    settings: ServerConfig
    capture: str
    """Where it takes stills."""
    log: Path
    since: float

    async def wait_up(self) -> str:
        """The address of its pages once every process is up; raises `ProgramFailed`."""

        def up() -> dict[str, Any] | None:
            live, work = (read_announcement(self.settings.run / f"{role}.json", self.since) for role in ROLES)
            return live if work else None

        return str((await wait_up("server", self.log, up, START_LIMIT_S))["http"])


@contextlib.asynccontextmanager
async def starting_server(options: DemoOptions) -> AsyncIterator[RunningServer]:
    """Run a server until the context ends; raises `ProgramFailed`, also in a group."""
    data = options.data / "server"
    destinations = destinations_of(options.send_to)
    settings = ServerConfig.load(data=data, destinations=destinations)
    since = time.time()

    def up() -> dict[str, Any] | None:
        return read_announcement(settings.run / "triton.json", since)

    log = options.data / "server.log"
    environment = {"DERMABOOTH_SERVER_TRITON__URL": "127.0.0.1:0", **in_environment(destinations)}
    with _own_port() as port:
        capture = f"tcp://127.0.0.1:{port}"
        arguments = ["server", "--data", str(data), "--http", "127.0.0.1:0", "--capture", capture]
        async with program("server", arguments, log, up, START_LIMIT_S, environment):
            yield RunningServer(settings, capture, log, since)


@contextlib.contextmanager
def _own_port() -> Iterator[int]:
    """Chosen here, so that the booth can start before the server takes stills; bound, so that nobody else is given it."""
    with socket.socket() as place:
        # The server, which asks for the same, may listen there all the same.
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        place.bind(("127.0.0.1", 0))
        yield int(place.getsockname()[1])
