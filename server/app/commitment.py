"""The `commitment` process: takes the hospital's reports of storage commitment, and can do nothing else."""

import asyncio
import ctypes
import logging
import os
import resource
import threading

from server.app import ready
from server.config import ServerConfig
from server.dimse import Listener, Transactions
from server.errors import ConfigError

log = logging.getLogger(__name__)

_M_ARENA_MAX = -8
_STACK_BYTES = 512 * 1024
_MB = 1_048_576
_LOOK_S = 1.0


async def run_commitment(config: ServerConfig) -> None:
    """Listen until cancelled; raises `ConfigError`."""
    os.umask(ready.PRIVATE)
    section = config.dicom.listener
    if not section.enabled:
        raise ConfigError("dicom.listener.enabled is false: there is nothing to listen for")
    listener = Listener(section, config.dicom.ae_title, Transactions(config.run / "commitments").tell)
    _limit_memory(section.memory_mb)
    listener.start()
    try:
        host, port = listener.address
        ready.announce(config.run, "commitment", dicom=f"{host}:{port}")
        while listener.is_listening:
            await asyncio.sleep(_LOOK_S)
        raise RuntimeError("the listener ended while the server runs")
    finally:
        ready.withdraw(config.run, "commitment")
        await asyncio.to_thread(listener.close)


def _limit_memory(more_mb: int) -> None:
    """Let the process take so much address space beyond what it has now (Linux setrlimit(2), mallopt(3))."""
    ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)  # each further arena would reserve 64 MB of it
    threading.stack_size(_STACK_BYTES)
    with open("/proc/self/statm") as statm:
        now = int(statm.read().split()[0]) * resource.getpagesize()
    limit = now + more_mb * _MB
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    log.info("memory is limited", extra={"mb": limit // _MB})
