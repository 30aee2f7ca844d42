"""The steps that look at a still's picture: its face, the verdict, the maps that need no training, the measures."""

import time
from collections.abc import Mapping

from server.analysis import LayerMap
from server.errors import BadImage, InferenceUnavailable
from server.pipeline.examination import Examination, as_layers
from server.pipeline.missing import out_of_range
from server.pipeline.objects import COLOUR_SKIN
from server.pipeline.outcome import MappedOutcome, Outcome
from server.pipeline.trained_steps import TrainedSteps
from server.pipeline.twins import Twins
from server.pipeline.workbench import Workbench
from server.pipeline.worker import NotYet, Step
from server.store import StepResult, Still
from station.protocol import Face, Frame, Layer, Light

SECOND_LOOK_S = 20.0
"""How long a still without a face that the cascade finds waits for the segmenter of a Triton that is away."""


class PictureSteps:
    """The steps, bound to one workbench; `trained` tells what its models found."""

    def __init__(self, bench: Workbench, twins: Twins, trained: TrainedSteps) -> None:
        self._bench = bench
        self._examiner = bench.examiner
        self._twins = twins
        self._trained = trained

    def by_name(self) -> Mapping[str, Step]:
        """The steps under their names in the list."""
        return {name: getattr(self, name) for name in ("face", "quality", "inference", "findings")}

    async def face(self, still: Still) -> StepResult:
        """Find the face under white light; the other lights of the view take it over, `NotYet` before it is known.

        A dermoscope shows none.
        """
        if still.header.dermoscope is not None:
            return StepResult(face_sought=True)
        white = await self._twins.find(still, Light.WHITE)
        if white is None or await self._twins.given_up(white, "face"):
            return StepResult(face_sought=True, face=await self._found(still))
        if not white.face_sought:
            raise NotYet("the white picture of this view is not looked at yet")
        carried = None if white.face is None else Face(box=white.face.box, source="carried")
        return StepResult(face_sought=True, face=carried)

    async def quality(self, still: Still) -> StepResult:
        """The verdict on the capture, from lossless pixels."""
        frame = await self._bench.frame(still)
        visit = await self._bench.store.visit(still.study_instance_uid)
        pair = await self._cross_frame(still)
        report = await self._examiner.judge(frame, still.face, recipe=visit.protocol.recipe.name, pair=pair)
        return StepResult(quality=report)

    async def inference(self, still: Still) -> StepResult:
        """The maps that need no training.

        Where the segmenter found no skin, also the skin by its colour: it stands in the place of what `skin` keeps.
        """
        frame, srgb = await self._bench.frame(still), await self._bench.srgb(still)
        outcome = await self._bench.outcome(still, "skin") or Outcome()
        maps: dict[Layer, LayerMap] = {}
        if still.header.light is not Light.UV:
            maps = await self._examiner.map_layers(frame, srgb, still.face)
        if outcome.model:
            maps.pop(Layer.SKIN, None)
        elif Layer.SKIN in maps:
            outcome = Outcome(model=self._examiner.trained.method(COLOUR_SKIN))
        else:
            maps |= as_layers({Layer.SKIN: await self._bench.skin(still)})
        found = MappedOutcome(outcome, {layer: one.pixels for layer, one in maps.items()})
        await self._bench.keep(still, "skin", found)
        return StepResult()

    async def findings(self, still: Still) -> StepResult:
        """The measures."""
        return StepResult(measures=(await self.examination(still)).measures)

    async def examination(self, still: Still) -> Examination:
        """All that was found about the skin in a still; measured once while the still is on the workbench."""
        held = self._bench.held(still)
        if held.examination is None and still.header.dermoscope is not None:
            held.examination = Examination(out_of_range(), ())
        if held.examination is None:
            layers, cross = await self._bench.layers(still), await self._cross_frame(still)
            frame, srgb = await self._bench.frame(still), await self._bench.srgb(still)
            held.examination = await self._examiner.measure(
                layers,
                frame,
                srgb,
                still.face,
                cross=cross,
                trained=await self._trained.measures(still),
            )
        return held.examination

    async def _found(self, still: Still) -> Face | None:
        try:
            return await self._examiner.find_face(await self._bench.srgb(still))
        except InferenceUnavailable:
            if time.time() < still.received_at + SECOND_LOOK_S:
                raise
            return None

    async def _cross_frame(self, still: Still) -> Frame | None:
        if still.header.light is not Light.PARALLEL_POLARISED:
            return None
        cross = await self._twins.find(still, Light.CROSS_POLARISED)
        try:
            return None if cross is None else await self._bench.frame(cross)
        except BadImage:
            return None  # reported where it is the still itself
