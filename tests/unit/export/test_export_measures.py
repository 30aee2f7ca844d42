"""The table of measures, as CSV with its dictionary and as Parquet."""

import builtins
import csv
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from server.errors import ConfigError
from server.export import Exporter, ExportOptions, Option, Pseudonyms, Selection
from server.export.measures import COLUMNS, open_table
from tests.fixtures.research_visits import ANNA, OPENED_AT, add_visit, open_research

pytestmark = pytest.mark.unit

KEY = Pseudonyms(b"k" * 32)


async def exported(tmp_path: Path, form: str, *options: Option) -> Path:
    store, archive = open_research(tmp_path / "data")
    try:
        for day in (0, 10):
            await add_visit(store, archive, ANNA, opened_at=OPENED_AT + day * 86_400)
        exporter = Exporter(store, archive, KEY, ExportOptions(frozenset(options)), "0.1.0")
        await exporter.export(tmp_path / "out", Selection(), measures=form)
    finally:
        await store.close()
    return tmp_path / "out"


def read_csv(folder: Path, name: str = "measures.csv") -> list[dict[str, str]]:
    with open(folder / name, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


async def test_one_row_per_still_region_and_measure(tmp_path: Path) -> None:
    folder = await exported(tmp_path, "csv", Option.MODIFIED_DATES)
    rows = read_csv(folder)
    assert len(rows) == 2 * 2 * 4
    assert {row["patient"] for row in rows} == {path.name for path in folder.iterdir() if path.is_dir()}
    assert {row["visit"] for row in rows} == {path.name for path in folder.glob("P-*/*")}
    assert {row["still"] for row in rows} <= {path.stem for path in folder.rglob("*.dcm")}
    melanin = next(row for row in rows if row["name"] == "melanin_index")
    assert (melanin["value"], melanin["region"], melanin["quality"]) == ("38.25", "left_cheek", "warn")
    reasons = {row["name"]: row["reason"] for row in rows}
    assert reasons["pores_area"] == "1.8 px/mm, needs 20"
    assert reasons["spots_area"] == "withheld"
    assert all(row["calibration"].startswith("C-") for row in rows)


@pytest.mark.parametrize("option", [None, Option.FULL_DATES, Option.MODIFIED_DATES])
async def test_the_day_is_told_as_the_option_allows(tmp_path: Path, option: Option | None) -> None:
    days = {row["date"] for row in read_csv(await exported(tmp_path, "csv", *([option] if option else [])))}
    if option is None:
        assert days == {""}
        return
    assert len(days) == 2
    assert any(day.startswith("2026-0") for day in days) == (option is Option.FULL_DATES)


async def test_the_dictionary_explains_every_column(tmp_path: Path) -> None:
    folder = await exported(tmp_path, "csv")
    explained = {row["column"]: row["meaning"] for row in read_csv(folder, "measures.dictionary.csv")}
    assert list(explained) == list(read_csv(folder)[0]) == list(COLUMNS)
    assert all(explained.values())


async def test_parquet_holds_the_same_rows(tmp_path: Path) -> None:
    (tmp_path / "c").mkdir()
    (tmp_path / "p").mkdir()
    plain = read_csv(await exported(tmp_path / "c", "csv", Option.FULL_DATES))
    table = pyarrow.parquet.read_table(
        await exported(tmp_path / "p", "parquet", Option.FULL_DATES) / "measures.parquet"
    )
    rows = [
        {name: "" if value is None else str(value) for name, value in row.items()}
        for row in table.to_pylist()
    ]
    assert rows == plain
    assert b"Pseudonym" in table.schema.field("patient").metadata[b"meaning"]


def test_without_pyarrow_the_way_out_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = builtins.__import__

    def absent(name: str, *arguments: Any, **others: Any) -> Any:
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return known(name, *arguments, **others)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(ConfigError, match="--measures csv"):
        open_table(tmp_path, "parquet")
