"""The desk that the settings ask for."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from server.config.dicom import DicomConfig
from server.config.orders import OrdersConfig
from server.orders.desk import BegunVisits, OrderDesk
from server.orders.fhir import FhirSource
from server.orders.kept import Keeper
from server.orders.mwl import MwlSource
from server.orders.source import OnQuery, OrderSource

_FILE = "worklist.json"


@asynccontextmanager
async def open_desk(
    orders: OrdersConfig,
    dicom: DicomConfig,
    folder: Path,
    begun_visits: BegunVisits,
    *,
    on_query: OnQuery | None = None,
) -> AsyncIterator[OrderDesk | None]:
    """The desk with the list that was kept in `folder`; None where there is no source. Raises `ConfigError`.

    Nobody asks for the list until `run`.
    """
    source = _source(orders, dicom)
    if source is None:
        yield None
        return
    desk = OrderDesk(
        source,
        Keeper(folder / _FILE, source.name),
        begun_visits,
        days=(orders.days_before, orders.days_after),
        refresh_s=orders.refresh_s,
        on_query=on_query,
    )
    try:
        await desk.open()
        yield desk
    finally:
        await desk.close()


def kept_list(orders: OrdersConfig, dicom: DicomConfig, folder: Path) -> Keeper | None:
    """The last list, for whoever only reads it; None where there is no source. Raises `ConfigError`."""
    source = _source(orders, dicom)
    return None if source is None else Keeper(folder / _FILE, source.name)


def _source(orders: OrdersConfig, dicom: DicomConfig) -> OrderSource | None:
    if orders.mwl is not None:
        return MwlSource(orders.mwl, dicom, orders.limit)
    if orders.fhir is not None:
        return FhirSource(orders.fhir, orders.limit)
    return None
