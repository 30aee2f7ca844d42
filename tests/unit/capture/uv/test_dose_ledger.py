"""The ledger of doses: on disk before a lamp fires, by names that name nobody, and never too little."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from station.calibration import WINDOW_S, Dose
from station.capture.uv import DoseLedger
from station.errors import UvRefused
from station.protocol import Patient

pytestmark = pytest.mark.unit

ANN = Patient(patient_id="P-1", issuer_of_patient_id="clinic", patient_name="Ann^Lee")
DOSE = Dose(100.0, 0.02)
NOW = 1_800_000_000.0


class Clock:
    now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest_asyncio.fixture
async def ledger(tmp_path: Path, clock: Clock) -> AsyncIterator[DoseLedger]:
    found = opened(tmp_path / "uv", clock)
    yield found
    found.close()


def opened(folder: Path, clock: Clock) -> DoseLedger:
    ledger = DoseLedger(folder, clock)
    ledger.open()
    return ledger


async def test_doses_add_up_over_visits_and_runs(ledger: DoseLedger, tmp_path: Path, clock: Clock) -> None:
    ann = ledger.person(ANN)
    await ledger.book([ann], DOSE)
    await ledger.book([ann, "walk-ins"], DOSE)
    assert ledger.had(ann) == Dose(200.0, 0.04)
    assert ledger.had("walk-ins") == DOSE
    ledger.close()
    again = opened(tmp_path / "uv", clock)
    assert again.person(ANN) == ann
    assert again.had(ann) == Dose(200.0, 0.04)
    await again.book([ann], DOSE.times(-0.5))
    assert again.had(ann).j_m2 == pytest.approx(150.0)
    again.close()


async def test_the_file_names_nobody_and_is_its_owner_s_alone(ledger: DoseLedger, tmp_path: Path) -> None:
    await ledger.book([ledger.person(ANN), ledger.visit("2.25.1")], DOSE)
    text = (tmp_path / "uv" / "doses.jsonl").read_text()
    assert len(text.splitlines()) == 2
    for secret in ("P-1", "clinic", "Ann", "2.25.1"):
        assert secret not in text
    for name in ("doses.jsonl", "doses.key"):
        assert (tmp_path / "uv" / name).stat().st_mode & 0o077 == 0


async def test_people_are_told_apart_by_issuer_and_booth(
    ledger: DoseLedger, tmp_path: Path, clock: Clock
) -> None:
    other = opened(tmp_path / "other", clock)
    names = {
        ledger.person(ANN),
        ledger.person(Patient(patient_id="P-1")),
        ledger.person(Patient(patient_id="1", issuer_of_patient_id="clinicP-")),
        ledger.visit("P-1"),
        other.person(ANN),
    }
    assert len(names) == 5
    assert ledger.person(Patient(patient_name="Ann^Lee")) == ""
    other.close()


async def test_spaces_around_an_id_make_no_other_person(ledger: DoseLedger) -> None:
    spaced = Patient(patient_id=" P-1 ", issuer_of_patient_id="clinic ")
    assert ledger.person(spaced) == ledger.person(ANN)
    assert ledger.person(Patient(patient_id="  ")) == ""  # a walk-in, with a walk-in's budget


async def test_a_dose_counts_for_a_day_and_is_kept_for_two(
    ledger: DoseLedger, tmp_path: Path, clock: Clock
) -> None:
    await ledger.book(["a"], DOSE)
    clock.now = NOW + WINDOW_S - 1
    assert ledger.had("a") == DOSE
    clock.now = NOW + WINDOW_S + 1
    assert ledger.had("a") == Dose()
    clock.now = NOW - 3600  # a clock set back forgets nothing
    assert ledger.had("a") == DOSE
    clock.now = NOW + 2 * WINDOW_S + 1
    opened(tmp_path / "uv", clock).close()
    assert (tmp_path / "uv" / "doses.jsonl").read_text() == ""


async def test_a_line_that_was_cut_off_is_no_dose_and_no_damage(
    ledger: DoseLedger, tmp_path: Path, clock: Clock
) -> None:
    await ledger.book(["a"], DOSE)
    ledger.close()
    path = tmp_path / "uv" / "doses.jsonl"
    with path.open("ab") as file:
        file.write(b'{"at":1800000000.0,"key":"a","j_m')
    again = opened(tmp_path / "uv", clock)
    assert again.problem == ""
    assert again.had("a") == DOSE
    await again.book(["a"], DOSE)
    again.close()
    third = opened(tmp_path / "uv", clock)
    assert third.had("a") == Dose(200.0, 0.04)
    third.close()


@pytest.mark.parametrize("damage", ["line", "byte", "key", "no key"])
async def test_a_damaged_ledger_books_nothing(
    ledger: DoseLedger, tmp_path: Path, clock: Clock, damage: str
) -> None:
    await ledger.book(["a"], DOSE)
    ledger.close()
    folder = tmp_path / "uv"
    if damage == "line":
        with (folder / "doses.jsonl").open("ab") as file:
            file.write(b"nothing\n")
    elif damage == "byte":
        path = folder / "doses.jsonl"
        path.write_bytes(path.read_bytes().replace(b'"key":"a"', b'"key":"\xff"'))
    elif damage == "key":
        (folder / "doses.key").write_bytes(b"short")
    else:
        (folder / "doses.key").unlink()
    before = (folder / "doses.jsonl").read_bytes()
    again = opened(folder, clock)
    with pytest.raises(UvRefused, match=r"damaged.*move the folder uv aside"):
        await again.book(["a"], DOSE)
    assert (folder / "doses.jsonl").read_bytes() == before
    again.close()


async def test_a_dose_that_cannot_be_written_is_refused_and_still_counted(
    ledger: DoseLedger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(UvRefused, match=r"No space left.*free space"):
        await ledger.book(["a"], DOSE)
    assert ledger.had("a") == DOSE


async def test_a_long_day_does_not_grow_the_file_for_ever(
    ledger: DoseLedger, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("station.capture.uv.ledger._MOST_LINES", 20)
    for _ in range(60):
        await ledger.book(["a"], DOSE)
        clock.now += WINDOW_S / 4
    assert len((tmp_path / "uv" / "doses.jsonl").read_text().splitlines()) <= 22
    again = opened(tmp_path / "uv", clock)
    assert again.had("a") == ledger.had("a") == Dose(400.0, 0.08)
    again.close()


async def test_a_closed_ledger_refuses(ledger: DoseLedger) -> None:
    ledger.close()
    with pytest.raises(UvRefused, match="closed"):
        await ledger.book(["a"], DOSE)
