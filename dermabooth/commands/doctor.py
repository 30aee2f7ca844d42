"""`dermabooth doctor`: is everything here that a server needs, and if not, what to do."""

import asyncio
import os
import shutil
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from dermabooth import resources
from dermabooth.counted import counted
from dermabooth.findings import Finding, show
from dermabooth.pacs_check import check_pacs
from dermabooth.settings import load_settings
from server.config import ServerConfig
from server.config.destinations import AnyDestination
from server.errors import InferenceUnavailable, ServerError, StoreUnavailable
from server.inference import ManagedTriton, TritonClient, model_infos
from server.outbox import open_destination
from server.store import Store

LEAST_FREE_BYTES = 5_000_000_000
"""About seventy 24-megapixel stills."""
MANY_VISITS = 500
"""More are not counted."""


def doctor(
    config: Annotated[Path | None, typer.Option(help="TOML file of the server.")] = None,
    data: Annotated[Path | None, typer.Option(help="The server's data folder.")] = None,
    triton: Annotated[str, typer.Option(help="gRPC address of the Triton to check.")] = "",
    pacs: Annotated[str, typer.Option(help="Try out this destination (dimse or stow) instead.")] = "",
    store: Annotated[bool, typer.Option(help="With --pacs: store a small photo of TEST^DERMABOOTH.")] = True,
) -> None:
    """Check Triton, keys, disk and database, or a PACS, and say what to do about each failure.

    Example: dermabooth doctor --config configs/server/local.toml

    Example: dermabooth doctor --config configs/server/orthanc.toml --pacs orthanc
    """
    settings = load_settings(config, data=data, triton=triton)
    console = Console()
    with console.status("checking"):
        examination = check_pacs(settings, pacs, store=store) if pacs else _examine(settings)
        findings = asyncio.run(examination)
    show(findings, console)


async def _examine(settings: ServerConfig) -> list[Finding]:
    findings = [_disk(settings.data), _secrets(settings.keys), _pages()]
    findings += await _database(settings)
    findings += [finding async for finding in _triton(settings)]
    return findings


def _disk(folder: Path) -> Finding:
    existing = next(path for path in (folder.resolve(), *folder.resolve().parents) if path.exists())
    free = shutil.disk_usage(existing).free
    writable = os.access(existing, os.W_OK)
    advice = "" if writable else f"let this user write to {existing}, or choose another --data"
    if free < LEAST_FREE_BYTES:
        advice = (
            f"free space below {existing}: {LEAST_FREE_BYTES / 1e9:.0f} GB hold about seventy large stills"
        )
    return Finding("disk", not advice, f"{free / 1e9:.1f} GB free", advice)


def _secrets(keys: Path) -> Finding:
    if not keys.exists():
        return Finding("keys", True, "none yet; made at the first start")
    exposed = [path.name for path in keys.iterdir() if _is_secret(path) and _is_exposed(path)]
    if exposed:
        return Finding("keys", False, f"readable by others: {', '.join(exposed)}", f"chmod 600 {keys}/*")
    return Finding("keys", True, "mode 0600")


def _is_secret(path: Path) -> bool:
    return path.suffix in {".secret", ".token"}


def _is_exposed(path: Path) -> bool:
    return bool(stat.S_IMODE(path.stat().st_mode) & 0o077)


def _pages() -> Finding:
    built = (resources.web() / "index.html").is_file()
    return Finding("pages", built, "built" if built else "not built", "" if built else "make setup")


async def _database(settings: ServerConfig) -> list[Finding]:
    """The database, and the destinations, which read the visits that they tell of from it."""
    kind = settings.database_url.partition(":")[0]
    try:
        store = await asyncio.to_thread(Store.open, settings.database_url)
        try:
            visits = len(await store.visits(limit=MANY_VISITS))
            destinations = [await _destination(one, settings, store) for one in settings.destinations]
        finally:
            await store.close()
    except StoreUnavailable as error:
        advice = "start the database, and check database.url, user and password"
        return [Finding("database", False, f"{kind}: {error}", advice)]
    except ServerError as error:
        return [Finding("database", False, kind, str(error))]
    except Exception as error:  # noqa: BLE001  whatever a driver raises, the user needs a line, not a traceback
        advice = "check database.url; the server's log says more"
        return [Finding("database", False, f"{kind}: {type(error).__name__}", advice)]
    held = counted(visits, "visit") if visits < MANY_VISITS else f"{MANY_VISITS} visits or more"
    return [Finding("database", True, f"{kind}, {held}"), *destinations]


async def _destination(section: AnyDestination, settings: ServerConfig, store: Store) -> Finding:
    """Whether its secrets and certificates can be read; it is not called."""
    what = f"destination {section.name}"
    try:
        await open_destination(section, settings, store).close()
    except ServerError as error:
        return Finding(what, False, section.type, str(error))
    return Finding(what, True, f"{section.type}, its files can be read")


async def _triton(settings: ServerConfig) -> AsyncIterator[Finding]:
    if settings.triton.mode == "external":
        yield await _external_triton(settings.triton.url)
        return
    try:
        managed = ManagedTriton(
            environment=settings.triton.environment,
            repository=resources.triton_models(),
            run_dir=settings.run / "doctor",
            grpc_port=0,
            threads=settings.triton.threads,
        )
        async with managed as triton:
            yield await _ask_triton(triton.url)
        yield Finding(
            "Triton kind",
            True,
            "managed: for demo and one clinic",
            "beyond that run NVIDIA's container (nvcr.io/nvidia/tritonserver) and set triton.mode = external",
        )
    except ServerError as error:
        yield Finding("Triton", False, settings.triton.mode, str(error))


async def _external_triton(url: str) -> Finding:
    try:
        return await _ask_triton(url)
    except InferenceUnavailable:
        return Finding("Triton", False, f"external, no answer at {url}", "start it, or correct triton.url")
    except ServerError as error:
        return Finding("Triton", False, f"external, at {url}", str(error))


async def _ask_triton(url: str) -> Finding:
    client = TritonClient(url)
    try:
        version = await client.server_version()
        missing = [
            info.name
            for info in model_infos(resources.triton_models())
            if not await client.model_ready(info.name)
        ]
    finally:
        await client.close()
    if missing:
        advice = f"load {', '.join(missing)} from {resources.triton_models()} into that server"
        return Finding("Triton", False, f"{version} at {url}", advice)
    return Finding("Triton", True, f"{version} at {url}, all models ready")
