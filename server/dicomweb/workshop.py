"""One process that decodes, renders and describes objects, so that no preview waits for the interpreter lock."""

import asyncio
import contextlib
import multiprocessing
import os
import resource
import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, ParamSpec, TypeVar

import cv2

from server.errors import BadImage, Busy, ServerError
from server.parent import die_with_parent

P = ParamSpec("P")
T = TypeVar("T")

MEMORY_LIMIT = 4 << 30
"""Address space of the process, bytes: a hundred megapixels decoded and converted fit."""
QUEUE = 32
"""Pieces of work that wait at most."""


class Workshop:
    """Runs functions of `objects` and `rendering` one after the other; the process starts with the first of them."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None
        self._scratch: Path | None = None
        self._waiting = 0

    @property
    def scratch(self) -> Path:
        """Folder of results that are streamed and then deleted; only this user sees it."""
        if self._scratch is None:
            self._scratch = Path(tempfile.mkdtemp(prefix="dermabooth-dicomweb-"))
        return self._scratch

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of `work`; raises what it raises, `Busy` if too much waits, `BadImage` if it ended the process."""
        if self._waiting >= QUEUE:
            raise Busy("the server is busy with other pictures; try again shortly")
        if self._pool is None:
            self._pool = _new_pool()
        pool = self._pool
        self._waiting += 1
        try:
            future = pool.submit(Guarded(work), *args, **kwargs)
            return await asyncio.wrap_future(future)
        except BrokenProcessPool as error:
            if self._pool is pool:
                self._pool = None
            raise BadImage("the process that works on objects ended; the server's log says why") from error
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """End the process and delete what it left; safe to call twice."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=True, cancel_futures=True)
        scratch, self._scratch = self._scratch, None
        if scratch is not None:
            with contextlib.suppress(OSError):
                shutil.rmtree(scratch)


def _new_pool() -> ProcessPoolExecutor:
    # Not forked: the server's threads, sockets and locks are no business of the child.
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(1, mp_context=context, initializer=_begin, initargs=(os.getpid(),))


def _begin(parent: int) -> None:
    """Set up the process: it ends with its parent, yields to it, and has its memory bounded."""
    die_with_parent(parent)
    os.nice(10)
    cv2.setNumThreads(1)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))


@dataclass(frozen=True)
class Guarded(Generic[P, T]):
    """A function that reads files of the archive; what a damaged file leads to is `BadImage`."""

    work: Callable[P, T]

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        """The result; raises `BadImage`, or what the function says."""
        try:
            return self.work(*args, **kwargs)
        except (ServerError, KeyError):
            raise
        except Exception as error:  # the boundary to files that may be damaged in any way
            # pydicom raises OSError as well, without a text of the system.
            if isinstance(error, OSError) and error.strerror:
                raise BadImage(f"a file of the archive cannot be read: {error.strerror}") from error
            raise BadImage(f"a file of the archive is damaged: {type(error).__name__}") from error
