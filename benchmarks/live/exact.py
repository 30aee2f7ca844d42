"""The viewer's page in Chromium: is every overlay drawn on exactly the frame that it was made from?

The truth is in the pixels of the page's own canvas. The booth paints a number into each frame, the analysis reads it
and says it in stripes of redness, and both are read back each time the page has drawn.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from playwright.async_api import Page, async_playwright, expect

from benchmarks.live import scene, stage, stamp
from benchmarks.live.rows import Row, at_least
from benchmarks.progress import note
from server.api import LoginCodes

RATES = (15.0, 30.0)
EXACT_GOAL, IN_TIME_GOAL = 100.0, 95.0
_WARM_UP_S = 4.0
_LIMIT_MS = 60_000
_CHROMIUM = "/usr/bin/chromium"
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--allow-loopback-in-peer-connection",
    "--autoplay-policy=no-user-gesture-required",
]
_WATCH = f"""(canvas, seconds) => new Promise((done) => {{
    const shown = [];
    const context = canvas.getContext("2d");
    const read = () => {{
        const {{ width, height }} = canvas;
        const block = Math.floor(width / 20);
        const upper = context.getImageData(0, Math.floor(block / 2), width, 1).data;
        const lower = context.getImageData(0, Math.floor(height * {(1 + scene.BAND) / 2}), width, 1).data;
        const reds = [];
        let painted = 0;
        for (let bit = 0; bit < {stamp.BITS}; bit += 1) {{
            painted += upper[4 * Math.floor((bit + 0.5) * block)] > 128 ? 2 ** bit : 0;
            const at = 4 * Math.floor((bit + 0.5) * width / {stamp.BITS});
            reds.push(lower[at] - lower[at + 1]);
        }}
        const middle = (Math.max(...reds) + Math.min(...reds)) / 2;
        const marked = reds.reduce((sum, red, bit) => sum + (red > middle ? 2 ** bit : 0), 0);
        shown.push([painted, canvas.dataset.overlay === "true" ? marked : -1]);
    }};
    const observer = new MutationObserver(read);
    observer.observe(canvas, {{ attributes: true, attributeFilter: ["data-overlay"] }});
    setTimeout(() => {{
        observer.disconnect();
        done({{ shown, match: canvas.dataset.match ?? "" }});
    }}, 1000 * seconds);
}})"""
"""Reads what the page has drawn when it says whether that had an overlay: in the same turn, before anything else is."""


@dataclass(frozen=True)
class Seen:
    """What one page showed, `number painted, number marked` for each frame; -1 where there was no overlay."""

    shown: tuple[tuple[int, int], ...]
    said: str
    """The share of matches that the page itself told at the end."""

    @property
    def overlaid(self) -> int:
        """Frames with an overlay."""
        return sum(marked >= 0 for _, marked in self.shown)

    @property
    def exact(self) -> int:
        """Frames whose overlay was made from them."""
        return sum(painted == marked for painted, marked in self.shown)


async def measure(*, rounds: int = 3, seconds: float = 15.0) -> list[Row]:
    """Two rows for each frame rate; all rounds together, for each frame counts."""
    rows = []
    for place, fps in enumerate(RATES):
        runs = []
        for number in range(rounds):
            note(f"Chromium, 720p{fps:g}", (place + number / rounds) / len(RATES))
            runs.append(await _run(fps, seconds))
        rows += _rows(fps, runs, seconds * rounds)
    return rows


async def _run(fps: float, seconds: float) -> Seen:
    async with (
        stage.plane(module="benchmarks.live.pages") as (_, doors),
        stage.booth(doors, fps),
        _page() as page,
    ):
        await page.goto(f"{doors.url}/#code={LoginCodes(doors.tokens).new()}")
        await page.locator(f'[data-booth="{stage.BOOTH}"]').click()
        canvas = page.locator("live-stage canvas")
        await expect(canvas).to_have_attribute("data-overlay", "true", timeout=_LIMIT_MS)
        await _show_redness(page)
        await asyncio.sleep(min(_WARM_UP_S, seconds))
        told = await canvas.evaluate(_WATCH, seconds)
    return Seen(tuple((painted, marked) for painted, marked in told["shown"]), told["match"])


async def _show_redness(page: Page) -> None:
    """At full strength, and nothing else."""
    for switch in await page.locator("layer-panel [data-layer]").all():
        wanted = await switch.get_attribute("data-layer") == "redness"
        if (await switch.get_attribute("aria-checked") == "true") is not wanted and await switch.is_enabled():
            await switch.click()
    await page.locator("layer-panel").get_by_label("Strength").fill("100")


@asynccontextmanager
async def _page() -> AsyncIterator[Page]:
    if shutil.which(_CHROMIUM) is None:
        raise RuntimeError("Chromium is missing: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=_CHROMIUM, args=_ARGUMENTS)
        try:
            page = await browser.new_page(viewport={"width": 1280, "height": 800})
            page.set_default_timeout(_LIMIT_MS)
            yield page
        finally:
            await browser.close()


def _rows(fps: float, runs: list[Seen], seconds: float) -> list[Row]:
    shown = sum(len(run.shown) for run in runs)
    overlaid, exact = sum(run.overlaid for run in runs), sum(run.exact for run in runs)
    said = ", ".join(run.said for run in runs)
    context = (
        f"Chromium, VP8, the viewer's page held exact: {shown} frames drawn in {seconds:g} s, {overlaid} with an overlay, "
        f"{exact} of these with their own by the numbers in the pixels; the page's own shares of matches: {said}"
    )
    what = f"720p{fps:g}"
    return [
        at_least(
            f"overlays drawn on exactly their frame, {what}",
            100 * exact / max(overlaid, 1),
            "%",
            EXACT_GOAL,
            context,
            2,
        ),
        at_least(
            f"frames drawn whose overlay came within the deadline, {what}",
            100 * overlaid / max(shown, 1),
            "%",
            IN_TIME_GOAL,
            context,
            2,
        ),
    ]
