"""Whether a peer is still there (RFC 7675): noticed within 3 s, and not doubted because a machine is busy.

aioice sends one check, waits half a second for its answer, and gives the peer up after some in a row: a peer that is
slow to answer is gone. Here checks go out at a steady pace, and any answer to any of the last ones counts.
"""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from aioice.stun import TransactionError
from aiortc import RTCPeerConnection

from station.rtc.internals import dtls_transports, known

CHECK_INTERVAL_S = 0.4
"""Between two checks."""
CHECKS_MISSED = 6
"""Checks in a row, within less than 3 s, in whose time no answer came: then the peer is gone."""
MEDIA_FRESH_S = 1.0
"""How long a packet counts as a sign of life of a sender that answers no check."""


@dataclass
class _Consent:
    missed: int = 0
    answers: bool = False
    """It has answered a check."""


def watch_consent(
    connection: RTCPeerConnection, heard_at: Callable[[], float] = lambda: float("-inf")
) -> None:
    """Close `connection` when its peer is gone; call it before the connection is made.

    `heard_at` is the monotonic time of the newest media. FFmpeg's muxer answers no check once it sends: its packets are
    authenticated, so they prove no less that the peer is there. A peer that has ever answered is held to it.
    """
    for dtls in dtls_transports(connection):
        ice = known(known(dtls, "transport"), "_connection")
        for name in ("query_consent", "build_request", "_nominated", "_query_consent_task"):
            known(ice, name)
        vars(ice)["query_consent"] = partial(_query_consent, ice, heard_at)


async def _query_consent(ice: Any, heard_at: Callable[[], float]) -> None:
    """In the place of aioice's `Connection.query_consent`: check until the peer is gone, then close."""
    consent, checks = _Consent(), set[asyncio.Task[None]]()
    try:
        while consent.missed < CHECKS_MISSED:
            await asyncio.sleep(CHECK_INTERVAL_S * random.uniform(0.8, 1.2))  # noqa: S311  spreads the load
            consent.missed += 1
            if not consent.answers and time.monotonic() - heard_at() < MEDIA_FRESH_S:
                consent.missed = 0
            for pair in tuple(ice._nominated.values()):
                check = asyncio.create_task(_check(ice, pair, consent), name="consent")
                checks.add(check)
                check.add_done_callback(checks.discard)
    finally:
        for check in tuple(checks):
            check.cancel()
        await asyncio.gather(*checks, return_exceptions=True)
    ice._query_consent_task = None
    await ice.close()


async def _check(ice: Any, pair: Any, consent: _Consent) -> None:
    request, password = ice.build_request(pair, nominate=False), ice.remote_password.encode()
    try:
        await pair.protocol.request(request, pair.remote_addr, integrity_key=password, retransmissions=1)
    except TransactionError:
        return
    consent.missed, consent.answers = 0, True
