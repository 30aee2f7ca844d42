"""A Triton of our own: started on loopback, watched, started again when it dies, stopped with its owner."""

import asyncio
import contextlib
import fcntl
import hashlib
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from server.errors import ConfigError, InferenceUnavailable
from server.inference.client import TritonClient
from server.inference.installation import Installation
from server.inference.logfile import BoundedLog

log = logging.getLogger(__name__)

START_LIMIT_S: Final = 90.0
STOP_LIMIT_S: Final = 10.0
MAX_BACKOFF_S: Final = 15.0
STEADY_S: Final = 30.0
"""A server that ran this long is started again without delay."""

_LAUNCHER = Path(__file__).with_name("launch.py")
_SHARED = Path("/dev/shm")  # noqa: S108 - where POSIX shared memory lives on Linux


class ManagedTriton:
    """Runs the `tritonserver` of `environment` on `repository` for as long as the context is open.

    Only gRPC, only on 127.0.0.1. `grpc_port` 0 takes a free one; `threads` are those of one model's run.
    `run_dir` belongs to this server alone: backends, log and lock. Entering raises `TritonNotInstalled` if the
    environment lacks it, `ConfigError` if the port or the folder is taken, and `InferenceUnavailable` if it is not
    ready within `start_limit_s`.
    """

    def __init__(
        self,
        environment: Path,
        repository: Path,
        run_dir: Path,
        grpc_port: int,
        threads: int,
        *,
        metrics_port: int | None = None,
        start_limit_s: float = START_LIMIT_S,
    ) -> None:
        self._environment = environment
        self._repository = repository.absolute()
        self._run_dir = run_dir.absolute()
        self._port = grpc_port
        self._threads = threads
        self._metrics_port = metrics_port
        self._start_limit_s = start_limit_s
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._held = contextlib.ExitStack()
        self.restarts = 0
        """How often the server was started again after it had died."""

    @property
    def url(self) -> str:
        """Its gRPC address."""
        return f"127.0.0.1:{self._port}"

    @property
    def pid(self) -> int | None:
        """Its process, None while it is away."""
        process = self._process
        return None if process is None or process.returncode is not None else process.pid

    @property
    def log_path(self) -> Path:
        """What the server wrote, at most 2 MiB in two files."""
        return self._run_dir / "triton.log"

    async def __aenter__(self) -> "ManagedTriton":
        installation = Installation.find(self._environment)
        self._run_dir.mkdir(parents=True, exist_ok=True)
        self._lock()
        try:
            await asyncio.to_thread(installation.install_backends, self._run_dir / "backends")
            self._port = self._held.enter_context(_reserved(self._port))
            self._keeper = asyncio.create_task(self._keep(installation), name="keep-triton")
            await self.wait_ready(self._start_limit_s)
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stop()

    async def wait_ready(self, timeout_s: float = START_LIMIT_S) -> None:
        """Wait until it takes requests; `InferenceUnavailable` after `timeout_s`, with the end of its log."""
        deadline = time.monotonic() + timeout_s
        async with TritonClient(self.url, shared_memory=False) as client:
            while not (self.pid and await client.ready()):
                if self._keeper is None or self._keeper.done():
                    raise InferenceUnavailable("the managed Triton is stopped")
                if time.monotonic() > deadline:
                    raise InferenceUnavailable(
                        f"Triton is not ready after {timeout_s:g} s: {self._last_words()}"
                    )
                await asyncio.sleep(0.05)

    async def _keep(self, installation: Installation) -> None:
        """Run the server again and again, with growing pauses while it dies young."""
        backoff = 0.25
        while True:
            started = time.monotonic()
            try:
                status = await self._run(installation)
            except OSError as error:
                log.error("Triton cannot be started", extra={"cause": error.strerror})
                status = -1
            steady = time.monotonic() - started > STEADY_S
            backoff = 0.25 if steady else min(2 * backoff, MAX_BACKOFF_S)
            log.error("Triton ended with status %d; starting it again in %.2g s", status, backoff)
            await asyncio.sleep(backoff)
            self.restarts += 1

    async def _run(self, installation: Installation) -> int:
        """One life of the server process; whatever ends this also ends the process and its children."""
        async with BoundedLog(self.log_path).reading() as output:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", str(_LAUNCHER), str(os.getpid()), str(installation.server)),
                *self._options(),
                env=installation.variables(self._threads),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
            self._process = process
            try:
                return await process.wait()
            finally:
                await _end(process)
                self._remove_shared_memory()

    def _options(self) -> list[str]:
        metrics = self._metrics_port
        return [
            f"--model-repository={self._repository}",
            f"--backend-directory={self._run_dir / 'backends'}",
            *(
                f"--backend-config={each},shm-region-prefix-name={self._prefix}"
                for each in ("python", "onnxruntime")
            ),
            "--grpc-address=127.0.0.1",
            f"--grpc-port={self._port}",
            "--allow-http=false",
            *(
                ["--allow-metrics=false"]
                if metrics is None
                else ["--metrics-address=127.0.0.1", f"--metrics-port={metrics}"]
            ),
            "--disable-auto-complete-config",
            # One broken model must not keep the others away; each says itself whether it is ready.
            "--exit-on-error=false",
            "--strict-readiness=false",
            "--exit-timeout-secs=5",
        ]

    async def _stop(self) -> None:
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.cancel()
            await asyncio.wait([keeper])
        self._held.close()

    def _lock(self) -> None:
        handle = self._held.enter_context((self._run_dir / "lock").open("w"))
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._held.close()
            raise ConfigError(
                f"another Triton runs in {self._run_dir}: stop it, or use another folder"
            ) from None
        self._remove_shared_memory()

    @property
    def _prefix(self) -> str:
        return f"dermabooth-triton-{hashlib.sha256(str(self._run_dir).encode()).hexdigest()[:10]}-"

    def _remove_shared_memory(self) -> None:
        """Remove what a killed server left; the prefix is this folder's, and the folder is locked."""
        for path in _SHARED.glob(f"{self._prefix}*"):
            path.unlink(missing_ok=True)

    def _last_words(self) -> str:
        if not self.log_path.exists():
            return "it wrote nothing"
        lines = self.log_path.read_text(errors="replace").splitlines()
        return " | ".join(lines[-5:])


async def _end(process: asyncio.subprocess.Process) -> None:
    """SIGTERM, SIGKILL if that is not heard, and then the backends that the server may have left."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), STOP_LIMIT_S)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


@contextlib.contextmanager
def _reserved(wanted: int) -> Iterator[int]:
    """`wanted`, or any for 0: bound for the length of the block, so that nobody else is given it while the server loads.

    Another server that answers there would pass for the one started here. Raises `ConfigError`.
    """
    with socket.socket() as place:
        # The server, which asks for the same, may listen there all the same.
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            place.bind(("127.0.0.1", wanted))
        except OSError as error:
            raise ConfigError(
                f"Triton cannot be started at 127.0.0.1:{wanted} (triton.url): {error.strerror}"
            ) from error
        yield int(place.getsockname()[1])
