"""The pages as a person uses them: what to press and what is to be seen."""

import re
from typing import cast

from playwright.async_api import Locator, Page, expect

_ANY = re.compile(".+")
Rgb = tuple[int, int, int]

_PIXEL = """(canvas, [x, y]) => {
    const context = canvas.getContext("2d");
    const [px, py] = [Math.floor(x * canvas.width), Math.floor(y * canvas.height)];
    return Array.from(context.getImageData(px, py, 1, 1).data).slice(0, 3);
}"""


_SCAN = """(code) => {
    for (const key of [...code, "Enter"]) {
        let target = document.activeElement ?? document.body;
        while (target.shadowRoot?.activeElement) {
            target = target.shadowRoot.activeElement;
        }
        const event = new KeyboardEvent("keydown", { key, bubbles: true, composed: true, cancelable: true });
        if (target.dispatchEvent(event) && key.length === 1 && "value" in target) {
            target.value += key;
        }
    }
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
        await expect(self.canvas).to_have_attribute(f"data-{name}", value)


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
        self.picture = Picture(page.locator("live-picture canvas.live"))
        self.layers = Layers(page)
        self.quality = page.locator("quality-lights li")
        self.heading = page.get_by_role("heading", level=1)
        self.entries = page.locator("start-screen [data-entry]")
        self.patient_id = page.locator('start-screen [name="patient_id"]')
        self.ended = page.locator("[data-ended]")
        self.start = page.locator('preparation-screen [data-action="start"]')
        self.shoot = page.locator('[data-action="shoot"]')
        self.finish = page.locator('[data-action="finish"]')
        self.thumbs = page.locator("review-screen [data-still]")
        self.large = page.locator("zoom-picture")
        self.stills = page.locator("light-sequence li")
        self.alert = page.get_by_role("alert")

    async def open(self) -> None:
        """Load the page and wait for its first screen."""
        await self.page.goto(self._address)
        await self.heading.wait_for()

    async def go(self, page: str) -> None:
        """Go to a page of the navigation: `live`, `state`; empty: the visit."""
        await self.page.locator(f'nav [data-page="{page}"]').click()

    async def watch(self) -> None:
        """Go to the live picture and wait for it."""
        await self.go("live")
        await expect(self.picture.canvas).to_have_attribute("data-frame", _ANY)

    async def speak(self, language: str) -> None:
        """Choose `en`, `fr` or `ko`."""
        await self.page.locator("language-switch select").select_option(language)

    def screen(self, name: str) -> Locator:
        """A screen by its name: `start`, `preparation`, `framing`, `sequence`, `review`."""
        return self.page.locator(f"{name}-screen")

    async def walk_in(self, patient_id: str = "") -> None:
        """Enter somebody who is not on the list."""
        await self.patient_id.fill(patient_id)
        await self.page.locator('[data-action="continue"]').click()
        await self.screen("preparation").wait_for()

    async def start_visit(self, patient_id: str = "") -> None:
        """Enter somebody, leave the preparation as it is, and start."""
        await self.walk_in(patient_id)
        await self.start.click()

    async def stop_visit(self) -> None:
        """Give the visit up, and say so again."""
        await self.page.locator('[data-action="abort"]').click()
        await self.page.locator('[data-action="abort-now"]').click()

    async def choose(self, still: int) -> None:
        """Show a still large in the review, by its place in the order of shooting."""
        await self.page.locator(f'[data-still="{still}"]').click()
        await expect(self.page.locator("zoom-picture canvas.whole")).to_have_attribute("data-shown", _ANY)

    async def study(self) -> str:
        """Study Instance UID of the newest visit, which the page does not show."""
        return str(
            await self.page.evaluate(
                "async () => (await (await fetch('/state')).json()).visit.study_instance_uid"
            )
        )

    async def scan(self, code: str) -> None:
        """Type as a barcode scanner does, wherever the focus is."""
        await self.page.evaluate(_SCAN, code)


class ViewerPage:
    """The server's page."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self._address = address
        self.photo = Picture(page.locator("still-stage canvas"))
        self.compared = Picture(page.locator("compare-stage canvas"))
        self.live = Picture(page.locator("live-stage canvas"))
        self.layers = Layers(page)
        self.visits = page.locator("visit-card")
        self.booths = page.locator("booth-card [data-booth]")
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

    async def speak(self, language: str) -> None:
        """Choose `en`, `fr` or `ko`."""
        await self.page.locator("language-switch select").select_option(language)

    async def open_visits(self) -> None:
        """Go to the list of visits."""
        await self.page.locator('nav [href="#/visits"]').click()

    async def open_outbox(self) -> None:
        """Go to what is sent where."""
        await self.page.locator('nav [href="#/outbox"]').click()

    async def choose_mode(self, mode: str) -> None:
        """Look at the pictures of a visit as `one`, `lights` or `compare`."""
        await self.page.locator(f'visit-page [data-mode="{mode}"]').click()

    async def open_visit(self, study: str) -> None:
        """Go to a visit and wait for its first picture."""
        await self.page.locator(f'visit-card a[href$="{study}"]').click()
        await expect(self.photo.canvas).to_have_attribute("data-shown", _ANY)

    async def choose_light(self, light: str) -> None:
        """Show the picture under another light; of a visit with several views, that of the first."""
        await self.page.locator(f'[role="tab"][data-light="{light}"]').first.click()

    async def open_booth(self, booth: str) -> None:
        """Go to a booth's live picture."""
        await self.page.locator(f'[data-booth="{booth}"] h2 a').click()

    async def synchronise(self, sync: str) -> None:
        """Choose `exact` or `now` for the live picture."""
        await self.page.locator(f'booth-page input[value="{sync}"]').check()

    def live_action(self, action: str) -> Locator:
        """A button on the live picture: `freeze`, `snapshot`, `larger`, `smaller`."""
        return self.page.locator(f'live-stage [data-action="{action}"]')


def difference(one: Rgb, other: Rgb) -> int:
    """Largest difference of two colours in any channel."""
    return max(abs(a - b) for a, b in zip(one, other, strict=True))
