"""One lighting recipe played out: a look in the dark, then light, settle, expose, dark, proof."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext

from station.capture.proof import look_outside, prove_lit
from station.capture.uv import UvPermission
from station.devices import Camera, LightRig, Shot
from station.errors import DeviceUnavailable, UvRefused
from station.protocol import Frame, Light, LightingRecipe, LightStep, Preparation, View

Refused = Callable[[int, str], None]
"""Told the index of a step that was left out, and why."""


def check_recipe(recipe: LightingRecipe, camera: Camera, lights: LightRig) -> None:
    """Raise `LightUnavailable` or `ExposureRefused` if these instruments cannot play the recipe."""
    for step in recipe.steps:
        lights.check(step.light, step.power)
        camera.exposure_range.check(step.exposure)


async def play(
    recipe: LightingRecipe,
    camera: Camera,
    lights: LightRig,
    *,
    view: View,
    preparation: Preparation,
    lighting: Callable[[int], None],
    exposed: Callable[[Frame], Awaitable[None]],
    only: int | None = None,
    ultraviolet: UvPermission | None = None,
    refused: Refused | None = None,
) -> None:
    """Shoot each step of the recipe, or the `only` one; `lighting` is told its index, `exposed` is given its frame.

    Ultraviolet steps need the permission `ultraviolet`. One that it refuses is told to `refused` and left out, and the
    other steps go on; without `refused` the `UvRefused` is raised.

    One picture in the dark, before the first light and not given away, tells what falls in from outside: each lamp is
    proved against it.

    The lights are dark between the steps and when this ends, also by an error or a cancellation. Raises what
    `check_recipe` raises before any light is on, `DeviceUnavailable` that names a lamp whose light is not in its picture,
    and whatever instruments and callbacks raise.
    """
    check_recipe(recipe, camera, lights)
    steps = {index: step for index, step in enumerate(recipe.steps) if only in (None, index)}
    try:
        unlit = Shot(light=Light.UNCONTROLLED, view=view, preparation=preparation)
        outside = await look_outside(camera, steps.values(), unlit)
        for index, step in steps.items():
            lighting(index)
            shot = Shot(light=step.light, view=view, preparation=preparation, step=index)
            try:
                frame = await _expose(step, camera, lights, shot, ultraviolet)
            except UvRefused as error:
                if refused is None:
                    raise
                refused(index, str(error))
                continue
            await prove_lit(frame, step, camera, shot, outside)
            await exposed(frame)
    finally:
        await lights.ensure_dark()


async def _expose(
    step: LightStep, camera: Camera, lights: LightRig, shot: Shot, ultraviolet: UvPermission | None
) -> Frame:
    """The frame of a step, the lights dark again."""
    async with _permitted(step, lights, ultraviolet):
        await lights.set(step.light, step.power)
        await asyncio.sleep(step.settle_s)
        frame = await camera.expose(step.exposure, shot)
        if lights.failure:  # it went dark meanwhile: who knows for how much of the exposure
            raise DeviceUnavailable(lights.failure)
        await lights.ensure_dark()
    return frame


def _permitted(
    step: LightStep, lights: LightRig, ultraviolet: UvPermission | None
) -> AbstractAsyncContextManager[None]:
    if step.light is not Light.UV:
        return nullcontext()
    if ultraviolet is None:
        raise UvRefused("nobody answers for the dose of ultraviolet light here: it shines in visits alone")
    return ultraviolet.shining(step, lights)
