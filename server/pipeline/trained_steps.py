"""The steps of a still that ask trained models. Each keeps layers and numbers of its own, so that one may fail alone."""

import contextlib
from collections.abc import Mapping

import msgspec

from server.errors import BadImage, ModelUnavailable
from server.pipeline import missing
from server.pipeline.missing import LIGHTS
from server.pipeline.outcome import MappedOutcome, Outcome
from server.pipeline.twins import Twins
from server.pipeline.workbench import Workbench
from server.pipeline.worker import NotYet, Step
from server.store import StepResult, Still
from station.protocol import Face, Layer, Light, Measure

TRAINED = ("severity", "acne", "conditions", "items", "fluorescence")
"""The steps whose numbers join the measures, the quick ones first."""
_LACKS = {
    Light.PARALLEL_POLARISED: (("items", missing.NEEDS_PAIR),),
    Light.CROSS_POLARISED: (("lesions", missing.NEEDS_CROSS),),
    Light.UV: (("fluorescence", missing.NEEDS_UV),),
}
"""What a visit without a light has no result for, and why."""


class TrainedSteps:
    """The steps, bound to one workbench."""

    def __init__(self, bench: Workbench, twins: Twins) -> None:
        self._bench = bench
        self._twins = twins
        self._trained = bench.examiner.trained

    def by_name(self) -> Mapping[str, Step]:
        """`skin` and every step of `TRAINED`."""
        return {name: getattr(self, name) for name in ("skin", *TRAINED)}

    async def skin(self, still: Still) -> StepResult:
        """The facial skin with landmarks and pose; a UV picture takes over those of its white twin."""
        srgb = await self._bench.srgb(still)
        await self._bench.write_rendition(still, srgb)
        if still.header.light is Light.UV:
            return await self._carried(still)
        if still.face is None:
            return StepResult()
        try:
            seen = await self._trained.segment(srgb, still.face)
        except ModelUnavailable:
            return StepResult()
        if seen is None:
            return StepResult()
        mask, face = seen
        model = self._trained.method("skin_segmenter")
        await self._bench.keep(still, "skin", MappedOutcome(Outcome(model=model), {Layer.SKIN: mask}))
        return StepResult(face_sought=True, face=face)

    async def items(self, still: Still) -> StepResult:
        """Spots, trouble, wrinkles, pores: of a parallel-polarised picture with its cross-polarised twin."""
        if not _applies("items", still):
            return StepResult()
        cross = await self._twins.find(still, Light.CROSS_POLARISED)
        other = None
        if cross is not None:
            with contextlib.suppress(BadImage):  # reported where it is the still itself
                other = await self._bench.srgb(cross)
        srgb, skin = await self._bench.srgb(still), await self._bench.skin(still)
        found = await self._trained.items(srgb, other, still.header, still.face, skin)
        return await self._kept(still, "items", found)

    async def severity(self, still: Still) -> StepResult:
        """Severity of acne."""
        if not _applies("severity", still):
            return StepResult()
        srgb, skin = await self._bench.srgb(still), await self._bench.skin(still)
        return await self._kept(still, "severity", await self._trained.severity(srgb, still.face, skin))

    async def acne(self, still: Still) -> StepResult:
        """Acne or not."""
        if not _applies("acne", still):
            return StepResult()
        srgb, skin = await self._bench.srgb(still), await self._bench.skin(still)
        return await self._kept(still, "acne", await self._trained.acne(srgb, skin))

    async def conditions(self, still: Still) -> StepResult:
        """Conditions of the skin."""
        if not _applies("conditions", still):
            return StepResult()
        srgb, skin = await self._bench.srgb(still), await self._bench.skin(still)
        found = await self._trained.conditions(srgb, still.header, still.face, skin)
        return await self._kept(still, "conditions", found)

    async def fluorescence(self, still: Still) -> StepResult:
        """Porphyrins and UV spots, on the skin that the white picture of the view shows."""
        if not _applies("fluorescence", still):
            return StepResult()
        if reason := await self._without_white(still):
            return await self._kept(still, "fluorescence", missing.no_result("fluorescence", reason))
        srgb, skin = await self._bench.srgb(still), await self._bench.skin(still)
        found = await self._trained.fluorescence(srgb, still.header, still.face, skin)
        return await self._kept(still, "fluorescence", found)

    async def measures(self, still: Still) -> tuple[Measure, ...]:
        """What the steps of `TRAINED` found, and on a white picture what its visit has no light for."""
        found: tuple[Measure, ...] = ()
        for step in TRAINED:
            if _applies(step, still):
                outcome = await self._bench.outcome(still, step)
                found += missing.no_values(step, missing.FAILED) if outcome is None else outcome.measures
        if still.header.light is Light.WHITE:
            visit = await self._bench.store.visit(still.study_instance_uid)
            shot = {step.light for step in visit.protocol.recipe.steps}
            for light, groups in _LACKS.items():
                for group, reason in () if light in shot else groups:
                    found += missing.no_values(group, reason)
        return found

    async def _kept(self, still: Still, step: str, found: MappedOutcome) -> StepResult:
        await self._bench.keep(still, step, found)
        return StepResult()

    async def _without_white(self, still: Still) -> str:
        """Why the white picture of the view lends this one no skin; empty where it does."""
        white = await self._twins.find(still, Light.WHITE)
        if white is None:
            return missing.NEEDS_WHITE
        if await self._twins.given_up(white, "inference"):
            return missing.WHITE_LOST
        return "" if _size(white) == _size(still) else missing.OTHER_SIZE

    async def _carried(self, still: Still) -> StepResult:
        white = await self._twins.find(still, Light.WHITE)
        if white is None:
            return StepResult()
        if not await self._twins.ended(white, "inference"):
            raise NotYet("the skin of the white picture of this view is not known yet")
        if _size(white) != _size(still):
            return StepResult()
        mask, outcome = await self._bench.skin(white), await self._bench.outcome(white, "skin")
        await self._bench.keep(still, "skin", MappedOutcome(outcome or Outcome(), {Layer.SKIN: mask}))
        return StepResult(face_sought=True, face=_taken_over(white.face))


def _applies(step: str, still: Still) -> bool:
    return still.header.light in LIGHTS[step]


def _size(still: Still) -> tuple[int, int]:
    return still.header.height, still.header.width


def _taken_over(face: Face | None) -> Face | None:
    return None if face is None else msgspec.structs.replace(face, source="carried")
