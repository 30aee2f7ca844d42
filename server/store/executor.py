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

T = TypeVar("T")


class DatabaseThreads:
    """Sessions on the threads `store`; every call is one transaction."""

    def __init__(self, engine: Engine, threads: int = 2) -> None:
        self._write = engine
        self._read = engine.execution_options(**{READ_ONLY: True})
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="store")

    async def read(self, work: Callable[[Session], T]) -> T:
        """The result of `work` in a transaction that writes nothing."""
        return await self._run(self._read, work)

    async def write(self, work: Callable[[Session], T]) -> T:
        """The result of `work`, committed; raises `StorageFull` or `StoreUnavailable`."""
        return await self._run(self._write, work)

    def close(self) -> None:
        """Wait for running calls and end the threads."""
        self._pool.shutdown(wait=True)
        self._write.dispose()

    async def _run(self, engine: Engine, work: Callable[[Session], T]) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, _transaction, engine, work)


def _transaction(engine: Engine, work: Callable[[Session], T]) -> T:
    try:
        with Session(engine, expire_on_commit=False) as session, session.begin():
            return work(session)
    except OperationalError as error:
        if "full" in str(error.orig):
            raise StorageFull("the database has no space left; free space on its disk") from error
        raise StoreUnavailable("the database does not answer; see `dermabooth doctor`") from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise StoreUnavailable("the connection to the database broke; it is tried again") from error
        raise
