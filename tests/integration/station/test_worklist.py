"""The worklist on the kiosk: reread while the booth runs, kept through errors, ticked off by finished visits."""

from collections.abc import Callable
from pathlib import Path

import pytest

from station.agent import worklist
from station.config import StationConfig
from station.errors import ConfigError
from station.kiosk import VisitRequest
from tests.fixtures.booth_run import has_ended, is_ready, running, until

pytestmark = pytest.mark.integration


def write(file: Path, text: str) -> None:
    """The whole file at once: the booth reads it all the time."""
    new = file.with_suffix(".new")
    new.write_text(text)
    new.replace(file)


async def test_a_booth_follows_its_worklist(
    make_config: Callable[..., StationConfig], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worklist, "ASK_S", 0.05)
    file = tmp_path / "today.csv"
    write(file, "patient_id,patient_name\n1,Doe^Jane\n2,Roe^Richard\n")
    config = make_config(worklist={"file": file})
    async with running(config) as agent:
        await until(agent, is_ready)
        state = await until(agent, lambda state: state.worklist.entries)
        jane, richard = state.worklist.entries
        assert (state.worklist.configured, jane.patient.patient_name) == (True, "Doe^Jane")
        write(file, "patient_id,ward\n1,7\n")
        state = await until(agent, lambda state: state.worklist.problem)
        assert "unknown column 'ward'" in state.worklist.problem
        assert state.worklist.entries == (jane, richard)
        write(file, "patient_id,patient_name\n2,Roe^Richard\n1,Doe^Jane\n")
        await until(agent, lambda state: not state.worklist.problem)
        await agent.start_visit(VisitRequest(patient=jane.patient, worklist_key=jane.key))
        await until(agent, has_ended)
        state = await until(agent, lambda state: any(entry.done for entry in state.worklist.entries))
        assert [entry.done for entry in state.worklist.entries] == [False, True]
    async with running(config) as agent:
        state = await until(agent, lambda state: state.worklist.entries)
        assert [entry.done for entry in state.worklist.entries] == [False, True]


async def test_a_visit_that_was_given_up_leaves_its_entry_open(
    make_config: Callable[..., StationConfig], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worklist, "ASK_S", 0.05)
    file = tmp_path / "today.csv"
    write(file, "patient_id\n1\n")
    config = make_config(settle_s=0.3, worklist={"file": file})
    async with running(config) as agent:
        await until(agent, is_ready)
        (entry,) = (await until(agent, lambda state: state.worklist.entries)).worklist.entries
        await agent.start_visit(VisitRequest(worklist_key=entry.key))
        await agent.abort()
        await until(agent, has_ended)
        write(file, "patient_id\n1\n2\n")
        state = await until(agent, lambda state: len(state.worklist.entries) == 2)
        assert not state.worklist.entries[0].done


def test_an_encoding_that_nobody_knows_is_refused(make_config: Callable[..., StationConfig]) -> None:
    with pytest.raises(ConfigError, match="no text encoding is called 'excel'"):
        make_config(worklist={"encoding": "excel"})
