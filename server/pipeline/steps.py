"""The steps of a still. Every step may be repeated: it finds what an earlier try left and keeps it."""

from collections.abc import Mapping

from server.config import ObjectsConfig
from server.pipeline.object_steps import ObjectSteps
from server.pipeline.objects import ObjectMaker
from server.pipeline.picture_steps import PictureSteps
from server.pipeline.plan import OF_FACES, STEPS
from server.pipeline.trained_steps import TrainedSteps
from server.pipeline.twins import Twins
from server.pipeline.workbench import Workbench
from server.pipeline.worker import Step
from server.store import StepResult, Still


def still_steps(
    bench: Workbench,
    maker: ObjectMaker,
    wanted: ObjectsConfig = ObjectsConfig(),  # noqa: B008
) -> Mapping[str, Step]:
    """What does each step of `STEPS`, on one workbench; `wanted` are the objects that may be left out."""
    twins = Twins(bench.store)
    trained = TrainedSteps(bench, twins)
    picture = PictureSteps(bench, twins, trained)
    objects = ObjectSteps(bench, maker, wanted, picture.examination)
    steps = {**picture.by_name(), **trained.by_name(), **objects.by_name()}
    return {name: _of_face(steps[name]) if name in OF_FACES else steps[name] for name in STEPS}


def _of_face(step: Step) -> Step:
    """The step, left out for a picture through a dermoscope."""

    async def of_face(still: Still) -> StepResult:
        return StepResult() if still.header.dermoscope is not None else await step(still)

    return of_face
