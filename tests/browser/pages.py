"""The pages as a person uses them: what to press and what is to be seen."""

import re
from typing import cast

from playwright.async_api import Locator, Page, expect

_ANY = re.compile(".+")
Rgb = tuple[int, int, int]

_DRAWN_MS = 20_000
"""Longest time until a picture is drawn with its layers, on a busy machine."""
_PIXEL = """(canvas, [x, y]) => {
    const context = canvas.getContext("2d");
    const [px, py] = [Math.floor(x * canvas.width), Math.floor(y * canvas.height)];
    return Array.from(context.getImageData(px, py, 1, 1).data).slice(0, 3);
}"""


_OVERLAID_PIXEL = f"(canvas, place) => canvas.dataset.overlay === 'true' ? ({_PIXEL})(canvas, place) : null"


class Picture:
    """A canvas that shows a picture."""

    def __init__(self, canvas: Locator) -> None:
        self.canvas = canvas

    async def pixel(self, x: float, y: float) -> Rgb:
        """The colour at a place given as shares of width and height."""
        return cast(Rgb, tuple(await self.canvas.evaluate(_PIXEL, [x, y])))

    async def pixel_with_overlay(self, x: float, y: float) -> Rgb | None:
        """The colour, if the picture is shown with its overlay now."""
        found = await self.canvas.evaluate(_OVERLAID_PIXEL, [x, y])
        return None if found is None else cast(Rgb, tuple(found))

    async def expect_data(self, name: str, value: str) -> None:
        """Wait until the canvas says so in its data attributes."""
        await expect(self.canvas).to_have_attribute(f"data-{name}", value, timeout=_DRAWN_MS)


class Layers:
    """The panel with layer switches and the strength of the maps."""

    def __init__(self, scope: Page | Locator) -> None:
        self._panel = scope.locator("layer-panel")

    def switch(self, layer: str) -> Locator:
        """The switch of a layer."""
        return self._panel.locator(f'[data-layer="{layer}"]')

    async def set(self, layer: str, on: bool) -> None:
        """Switch a layer on or off."""
        switch = self.switch(layer)
        if (await switch.get_attribute("aria-checked") == "true") is not on:
            await switch.click()

    async def strength(self, percent: int) -> None:
        """Move the slider."""
        await self._panel.get_by_label("Strength").fill(str(percent))


class KioskPage:
    """The booth's own page."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self._address = address
        self.picture = Picture(page.locator("live-picture canvas"))
        self.layers = Layers(page)
        self.quality = page.locator("quality-lights li")
        self.start = page.locator('[data-action="start"]')
        self.abort = page.locator('[data-action="abort"]')
        self.stills = page.locator("light-sequence li")
        self.finished = page.locator("[data-visit]")

    async def open(self) -> None:
        """Load the page and wait for the first picture."""
        await self.page.goto(self._address)
        await expect(self.picture.canvas).to_have_attribute("data-frame", _ANY)

    async def start_visit(self, patient_id: str = "") -> None:
        """Fill in the form and press Start."""
        await self.page.get_by_label("Patient ID").fill(patient_id)
        await self.start.click()

    async def study(self) -> str:
        """Study Instance UID of the visit whose last picture was taken; waits for it."""
        await self.finished.wait_for()
        return str(await self.finished.get_attribute("data-visit"))


class ViewerPage:
    """The server's page."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self._address = address
        self.photo = Picture(page.locator("still-stage canvas"))
        self.live = Picture(page.locator("live-stage canvas"))
        self.layers = Layers(page)
        self.visits = page.locator("visit-card")
        self.booths = page.locator("booth-list a")
        self.measures = page.locator("measure-table")
        self.quality = page.locator("quality-table tbody tr")
        self.alert = page.get_by_role("alert")

    async def open(self, code: str = "") -> None:
        """Load the page; with a code, sign in by it."""
        await self.page.goto(f"{self._address}/#code={code}" if code else f"{self._address}/")

    async def sign_in(self, token: str) -> None:
        """Sign in with a token."""
        await self.page.get_by_label("Access token").fill(token)
        await self.page.get_by_role("button", name="Sign in").click()

    async def open_visits(self) -> None:
        """Go to the list of visits."""
        await self.page.get_by_role("link", name="Visits").click()

    async def open_visit(self, study: str) -> None:
        """Go to a visit and wait for its first picture."""
        await self.page.locator(f'visit-card a[href$="{study}"]').click()
        await expect(self.photo.canvas).to_have_attribute("data-shown", _ANY)

    async def choose_light(self, light: str) -> None:
        """Show the picture under another light."""
        await self.page.locator(f'[role="tab"][data-light="{light}"]').click()

    async def open_booth(self, booth: str) -> None:
        """Go to a booth's live picture."""
        await self.page.locator(f'[data-booth="{booth}"]').click()


def difference(one: Rgb, other: Rgb) -> int:
    """Largest difference of two colours in any channel."""
    return max(abs(a - b) for a, b in zip(one, other, strict=True))
