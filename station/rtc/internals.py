"""What of aiortc and aioice both ends know beyond their public names.

`check_versions` refuses the versions that this was not written for; `known` finds out at once when an attribute has gone.
"""

import asyncio
from importlib.metadata import version
from typing import Any

from aiortc import RTCDtlsTransport, RTCPeerConnection

AIORTC_VERSION = "1.16"
AIOICE_VERSION = "0.13"
ICE_TICK_S = 0.05
"""More than the time between two ICE checks, after which a closed peer's last task has ended."""
_CONNECT = "RTCPeerConnection.__connect"


class InternalsChanged(RuntimeError):
    """The installed aiortc or aioice is not the one this code knows."""


def check_versions() -> None:
    """Raise `InternalsChanged` unless the versions known to this file are installed."""
    for package, known in (("aiortc", AIORTC_VERSION), ("aioice", AIOICE_VERSION)):
        if version(package).split(".")[:2] != known.split("."):
            raise InternalsChanged(f"{package} {version(package)} is installed, {known} is needed")


def known(owner: Any, name: str) -> Any:
    """The attribute; raises `InternalsChanged` where there is none."""
    try:
        return getattr(owner, name)
    except AttributeError as error:
        raise InternalsChanged(f"{owner!r} has no {name}") from error


async def close_connection(connection: RTCPeerConnection) -> None:
    """Close it, and what would be left of one that is closed while it connects: consent checks that nobody ends, and
    a task whose failure nobody hears.
    """
    connected, connecting = connection.connectionState == "connected", _connecting(connection)
    await _close(connection)
    await _ended(connecting)
    if connecting:  # what they began after all was stopped
        for transceiver in connection.getTransceivers():
            await transceiver.stop()
    if connected:
        return
    await asyncio.sleep(ICE_TICK_S)
    for dtls in dtls_transports(connection):
        task: asyncio.Task[None] | None = known(known(dtls.transport, "_connection"), "_query_consent_task")
        if task is not None:
            task.cancel()
            await asyncio.wait({task})


def _connecting(connection: RTCPeerConnection) -> set[asyncio.Task[Any]]:
    """Those in which aiortc connects it, and which it keeps no name of."""
    return {task for task in asyncio.all_tasks() if _connects(task.get_coro(), connection)}


def _connects(coroutine: Any, connection: RTCPeerConnection) -> bool:
    frame = getattr(coroutine, "cr_frame", None)
    return (
        frame is not None and coroutine.__qualname__ == _CONNECT and frame.f_locals.get("self") is connection
    )


async def _ended(tasks: set[asyncio.Task[Any]]) -> None:
    """Wait for tasks that end by themselves once their connection is closed; how they ended is of no interest."""
    if tasks:
        _, late = await asyncio.wait(tasks, timeout=ICE_TICK_S)
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _close(connection: RTCPeerConnection) -> None:
    try:
        await connection.close()
    except AttributeError:  # of an offer that could not be answered, a part may be without transport
        for dtls in dtls_transports(connection):
            await dtls.stop()
            await dtls.transport.stop()


def dtls_transports(connection: RTCPeerConnection) -> set[RTCDtlsTransport]:
    """Those of its media and its data; with BUNDLE a single one."""
    owners = [one.receiver for one in connection.getTransceivers()]
    return {
        owner.transport
        for owner in (*owners, connection.sctp)
        if owner is not None and owner.transport is not None
    }
