"""Which booth's newest frame is analysed next."""

import asyncio
from typing import Generic, TypeVar

Item = TypeVar("Item")


class FairScheduler(Generic[Item]):
    """One slot per booth, newest item wins; booths take turns, however often they put.

    A booth whose item was handed out gets no further turn until `done`.
    """

    def __init__(self) -> None:
        self._slots: dict[str, Item] = {}
        self._busy: set[str] = set()
        self._turns: asyncio.Queue[str] = asyncio.Queue()

    def put(self, booth: str, item: Item) -> bool:
        """Offer the newest item of `booth`; True if it replaced one that nobody had taken."""
        replaced = booth in self._slots
        self._slots[booth] = item
        if not replaced and booth not in self._busy:
            self._turns.put_nowait(booth)
        return replaced

    async def next(self) -> tuple[str, Item]:
        """The newest item of the booth whose turn it is, as soon as there is one; call `done` after it."""
        while True:
            booth = await self._turns.get()
            if booth in self._slots and booth not in self._busy:
                self._busy.add(booth)
                return booth, self._slots.pop(booth)

    def done(self, booth: str) -> None:
        """Its item has been dealt with."""
        self._busy.discard(booth)
        if booth in self._slots:
            self._turns.put_nowait(booth)

    def remove(self, booth: str) -> None:
        """Forget the item that waits."""
        self._slots.pop(booth, None)
