"""The connections of booths, and those that are not listened to."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass

from server.ingest.conversation import Conversation

_MUTED = 1024


@dataclass(eq=False)
class Connection:
    """One that has said Hello; times on the loop's clock."""

    conversation: Conversation
    key: bytes
    heard_at: float
    said_at: float
    task: "asyncio.Task[None] | None" = None


class Muted:
    """Connections that nothing further is taken from until they say Hello again; the newest `_MUTED` are known."""

    def __init__(self) -> None:
        self._identities: OrderedDict[bytes, None] = OrderedDict()

    def __contains__(self, identity: bytes) -> bool:
        return identity in self._identities

    def add(self, identity: bytes) -> None:
        """Take nothing further from it."""
        self._identities[identity] = None
        while len(self._identities) > _MUTED:
            self._identities.popitem(last=False)

    def discard(self, identity: bytes) -> None:
        """It has said Hello."""
        self._identities.pop(identity, None)
