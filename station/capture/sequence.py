"""One lighting recipe played out: light, settle, expose, dark, proof."""

import asyncio
from collections.abc import Awaitable, Callable

from station.capture.proof import prove_lit
from station.devices import Camera, LightRig, Shot
from station.protocol import Frame, LightingRecipe, Preparation, View


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
) -> None:
    """Shoot each step of the recipe; `lighting` is told its index, `exposed` is given its frame.

    The lights are dark between the steps and when this ends, also by an error or a cancellation. Raises what
    `check_recipe` raises before any light is on, `DeviceUnavailable` that names a lamp whose light is not in its picture,
    and whatever instruments and callbacks raise.
    """
    check_recipe(recipe, camera, lights)
    try:
        for index, step in enumerate(recipe.steps):
            lighting(index)
            await lights.set(step.light, step.power)
            await asyncio.sleep(step.settle_s)
            shot = Shot(light=step.light, view=view, preparation=preparation, step=index)
            frame = await camera.expose(step.exposure, shot)
            await lights.ensure_dark()
            await prove_lit(frame, step, camera, shot)
            await exposed(frame)
    finally:
        await lights.ensure_dark()
