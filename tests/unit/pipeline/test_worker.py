"""What the worker does with a step that ends in every way a step can end."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from server.errors import (
    BadImage,
    InferenceFailed,
    InferenceUnavailable,
    ModelUnavailable,
    StorageFull,
    StoreUnavailable,
)
from server.pipeline import NEEDS, STEPS, NotYet, Worker, worker
from server.pipeline.worker import Step
from server.store import StepResult, Still, Store, WorkItem, WorkState, WorkStatus
from station.protocol import Encoding, StillOffer
from tests.fixtures.stills import a_still, a_visit
from tests.fixtures.uplinks import prepare

pytestmark = pytest.mark.unit

NAMES = ("look", "measure", "archive", "tidy")
NEEDED = {"measure": ("look",), "archive": ("measure",)}


class Script:
    """A step that raises the given errors one after another, then is done."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.calls = 0

    async def __call__(self, still: Still) -> StepResult:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return StepResult()


@pytest.fixture
def url(tmp_path: Path) -> str:
    prepare(tmp_path)
    return f"sqlite:///{tmp_path / 'dermabooth.db'}"


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "POLL_S", 0.01)
    monkeypatch.setattr(worker, "RETRY_S", 0.001)


async def a_study(store: Store) -> str:
    visit = a_visit()
    still = a_still(visit.study_instance_uid)
    await store.open_visit("booth-1", visit)
    offer = StillOffer(
        sop_instance_uid=still.sop_instance_uid,
        series_instance_uid=still.series_instance_uid,
        study_instance_uid=still.study_instance_uid,
        series_number=1,
        instance_number=1,
        header=still.frame.header,
        encoding=Encoding.RAW,
        size=still.frame.header.nbytes,
        sha256="0" * 64,
    )
    assert await store.add_still("booth-1", offer, "still.bin", 1.0)
    return visit.study_instance_uid


@asynccontextmanager
async def working(store: Store, steps: Mapping[str, Step]) -> AsyncIterator[list[tuple[str, bool]]]:
    """A worker on these steps; gives the steps that ended."""
    ended: list[tuple[str, bool]] = []

    async def note(_still: Still, step: str, done: bool, _result: StepResult | None) -> None:
        ended.append((step, done))

    task = asyncio.create_task(Worker(store, steps, name="w", on_end=note, needs=NEEDED).run())
    try:
        yield ended
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def run_to_the_end(
    url: str, steps: Mapping[str, Step]
) -> tuple[list[WorkStatus], list[tuple[str, bool]]]:
    store = Store.open(url, steps=NAMES)
    try:
        study = await a_study(store)
        async with working(store, steps) as ended, asyncio.timeout(30):
            while not _over(await store.work(study), ended):
                await asyncio.sleep(0.01)
        return await store.work(study), ended
    finally:
        await store.close()


def _over(work: list[WorkStatus], ended: list[tuple[str, bool]]) -> bool:
    """Whether every step has ended, and every end was told: a step is done before it is, and one lost with another is not."""
    told = sum(not status.error.startswith("needs ") for status in work)
    return len(ended) == told and all(s.state in (WorkState.DONE, WorkState.FAILED) for s in work)


def scripts(**special: Script) -> dict[str, Script]:
    return {name: special.get(name, Script()) for name in NAMES}


async def test_steps_are_done_in_order(url: str) -> None:
    work, ended = await run_to_the_end(url, scripts())
    assert ended == [(name, True) for name in NAMES]
    assert {status.attempts for status in work} == {0}


@pytest.mark.parametrize("error", [InferenceUnavailable, StoreUnavailable, StorageFull, NotYet])
async def test_a_fault_of_the_surroundings_is_waited_out_however_long(
    url: str, error: type[Exception]
) -> None:
    step = Script(*(error("away") for _ in range(2 * worker.MAX_ATTEMPTS)))
    work, ended = await run_to_the_end(url, scripts(look=step))
    assert (step.calls, work[0].attempts, work[0].error) == (2 * worker.MAX_ATTEMPTS + 1, 0, "")
    assert ended == [(name, True) for name in NAMES]


async def test_an_unknown_fault_is_repeated_a_few_times(url: str) -> None:
    step = Script(*(ZeroDivisionError() for _ in range(worker.MAX_ATTEMPTS - 1)))
    work, _ = await run_to_the_end(url, scripts(measure=step))
    assert work[1].state == WorkState.DONE
    assert work[1].attempts == worker.MAX_ATTEMPTS - 1


async def test_a_bad_picture_is_not_tried_again_and_takes_along_only_what_needs_it(url: str) -> None:
    step = Script(BadImage("torn"))
    work, ended = await run_to_the_end(url, scripts(look=step))
    assert step.calls == 1
    assert [(s.state, s.error) for s in work] == [
        (WorkState.FAILED, "torn"),
        (WorkState.FAILED, "needs look, which was given up"),
        (WorkState.FAILED, "needs look, which was given up"),
        (WorkState.DONE, ""),
    ]
    assert ended == [("look", False), ("tidy", True)]


async def test_a_step_of_another_version_is_given_up_by_name(url: str) -> None:
    steps = scripts()
    del steps["archive"]
    work, _ = await run_to_the_end(url, steps)
    assert (work[2].state, work[2].error) == (WorkState.FAILED, "this version knows no step 'archive'")
    assert work[3].state == WorkState.DONE


class LosesAnswers(Store):
    """A store whose disk is full whenever a step is finished, until told otherwise."""

    full = True

    async def finish(self, item: WorkItem, result: StepResult) -> None:
        if self.full:
            raise StorageFull("no space left")
        await super().finish(item, result)


async def test_a_step_whose_end_could_not_be_written_is_taken_up_at_once(url: str) -> None:
    store = LosesAnswers.open(url, steps=NAMES)
    try:
        study, steps = await a_study(store), scripts()
        async with working(store, steps), asyncio.timeout(30):
            while steps["look"].calls < 3:
                await asyncio.sleep(0.01)
            store.full = False
            while not all(status.state == WorkState.DONE for status in await store.work(study)):
                await asyncio.sleep(0.01)
    finally:
        await store.close()


async def test_a_call_to_stop_is_heard_also_while_a_step_fails(url: str) -> None:
    begun = asyncio.Event()

    async def fails_when_stopped(still: Still) -> StepResult:
        begun.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            raise InferenceUnavailable("Triton was stopped as well") from None
        return StepResult()

    store = Store.open(url, steps=NAMES)
    try:
        await a_study(store)
        async with asyncio.timeout(20), working(store, {**scripts(), "look": fails_when_stopped}):
            await begun.wait()
    finally:
        await store.close()


async def test_a_failed_task_group_in_a_step_does_not_stop_the_worker(url: str) -> None:
    async def away() -> None:
        raise InferenceUnavailable("away")

    async def fails_once(still: Still) -> StepResult:
        if first:
            first.clear()
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(away())
            except ExceptionGroup as group:
                raise group.exceptions[0] from None
        return StepResult()

    first = {"try"}
    _, ended = await run_to_the_end(url, {**scripts(), "look": fails_once})
    assert ended == [(name, True) for name in NAMES]


def test_needs_name_earlier_steps_only() -> None:
    for step, needed in NEEDS.items():
        assert set(needed) <= set(STEPS[: STEPS.index(step)])


async def test_a_model_that_fails_is_tried_a_few_times_and_an_absent_one_once(url: str) -> None:
    failing = Script(*[InferenceFailed("a model failed: out of order")] * 9)
    absent = Script(ModelUnavailable("the model look is not served"))
    work, _ = await run_to_the_end(url, scripts(tidy=failing, look=absent))
    states = {status.step: status for status in work}
    assert failing.calls == worker.MAX_ATTEMPTS
    assert absent.calls == 1
    assert states["tidy"].error == f"a model failed: out of order after {worker.MAX_ATTEMPTS} tries"
    assert states["look"].error == "the model look is not served"


async def test_two_workers_share_the_steps_and_the_first_come_first(url: str) -> None:
    store = Store.open(url, steps=NAMES)
    done: list[tuple[str, str]] = []

    def a_worker(name: str, **how: frozenset[str]) -> Worker:
        async def note(_still: Still, step: str, _done: bool, _result: StepResult | None) -> None:
            done.append((name, step))

        return Worker(store, scripts(), name=name, on_end=note, only=how.get("only"), first=how["first"])

    try:
        for _ in range(2):
            await a_study(store)
        early, late = frozenset({"look"}), frozenset(NAMES) - {"look"}
        workers = [
            a_worker("early", only=early, first=frozenset()),
            a_worker("late", only=late, first=frozenset({"measure"})),
        ]
        tasks = [asyncio.create_task(each.run()) for each in workers[:1]]
        async with asyncio.timeout(20):
            while len(done) < 2:
                await asyncio.sleep(0.01)
            tasks.append(asyncio.create_task(workers[1].run()))
            while len(done) < 2 * len(NAMES):
                await asyncio.sleep(0.01)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert done[:2] == [("early", "look")] * 2
        assert done[2:4] == [("late", "measure")] * 2
    finally:
        await store.close()
