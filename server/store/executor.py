"""Runs database calls on named threads, so that no event loop ever waits for a disk."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlmodel import Session

from server.errors import StorageFull, StoreUnavailable
from server.store.database import READ_ONLY
from server.store.sidecars import Sidecars

T = TypeVar("T")


class DatabaseThreads:
    """Sessions on the threads `store`; every call is one transaction, and what it writes goes to `sidecars` as well."""

    def __init__(self, engine: Engine, threads: int = 2, sidecars: Sidecars | None = None) -> None:
        self._write = engine
        self._sidecars = sidecars
        self._read = engine.execution_options(**{READ_ONLY: True})
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="store")

    async def read(self, work: Callable[[Session], T]) -> T:
        """The result of `work` in a transaction that writes nothing."""
        return await self._run(self._read, work, None)

    async def write(self, work: Callable[[Session], T]) -> T:
        """The result of `work`, committed; raises `StorageFull` or `StoreUnavailable`."""
        return await self._run(self._write, work, self._sidecars)

    async def write_sidecars(self) -> int:
        """Write the sidecars that are missing; how many."""
        return 0 if self._sidecars is None else await self._run(self._write, self._sidecars.complete, None)

    def close(self) -> None:
        """Wait for running calls and end the threads."""
        self._pool.shutdown(wait=True)
        self._write.dispose()

    async def _run(self, engine: Engine, work: Callable[[Session], T], sidecars: Sidecars | None) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, _transaction, engine, work, sidecars)


def _transaction(engine: Engine, work: Callable[[Session], T], sidecars: Sidecars | None) -> T:
    try:
        with Session(engine, expire_on_commit=False) as session, session.begin():
            if sidecars is None:
                return work(session)
            touched = sidecars.begin(session)
            result = work(session)
            sidecars.write(session, touched)
            return result
    except OperationalError as error:
        if "full" in str(error.orig):
            raise StorageFull("the database has no space left; free space on its disk") from error
        raise StoreUnavailable("the database does not answer; see `dermabooth doctor`") from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise StoreUnavailable("the connection to the database broke; it is tried again") from error
        raise
