"""Processor time of this process and its children, by what they are."""

import asyncio
import contextlib
import time

import psutil

Shares = dict[str, float]


class Split:
    """Shares of a core between `begin` and `seconds` later; a child is called `booth` by its command line, else `Triton`."""

    def __init__(self, booth: str, seconds: float) -> None:
        self._booth = booth
        self._seconds = seconds
        self._before: Shares = {}
        self._began = 0.0
        self.shares: Shares = {}
        """Empty until the time is over."""

    def begin(self) -> None:
        """Count from now, on the running event loop."""
        self._before, self._began = self._spent(), time.perf_counter()
        asyncio.get_running_loop().call_later(self._seconds, self._end)

    @property
    def text(self) -> str:
        """In a row's context."""
        return ", ".join(f"{name} {100 * share:.0f} %" for name, share in self.shares.items())

    def _end(self) -> None:
        elapsed = time.perf_counter() - self._began
        self.shares = {name: (spent - self._before[name]) / elapsed for name, spent in self._spent().items()}

    def _spent(self) -> Shares:
        itself = psutil.Process()
        spent = {"live plane": _time(itself), "booth": 0.0, "Triton": 0.0}
        for child in itself.children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                spent["booth" if self._booth in child.cmdline() else "Triton"] += _time(child)
        return spent


def _time(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
