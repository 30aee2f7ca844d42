"""`python -m tests.browser.screenshots FOLDER`: the README's pictures, taken of the running demo."""

import asyncio
import contextlib
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from PIL import Image
from playwright.async_api import Page, async_playwright, expect

from station.calibration import load_record
from tests.browser import tour
from tests.browser.pages import KioskPage, ViewerPage
from tests.fixtures.chromium import ARGUMENTS, PROGRAM
from tests.fixtures.demo import ROOT, Demo

SIZE = {"width": 1280, "height": 800}
MAX_BYTES = 150_000
QUALITY = 74
_ANALYSED_MS = 400_000
_PATIENCE_MS = 60_000
_SETTLE_MS = 1_500
_UP_LIMIT_S = 600.0
_WIDTH = 3000
"""Of the shipped booth's stills, px."""
_DAYS = 21
"""Length of the history of checks."""


@contextlib.contextmanager
def running_demo(folder: Path) -> Iterator[Demo]:
    """The demo with a worklist, two views and a history of checks; its own visit is done."""
    folder.mkdir(parents=True)
    history = folder / "data" / "station" / "calibration" / "history.jsonl"
    for name, content in tour.files(ROOT / "configs").items():
        (folder / name).write_text(content)
    records = map(load_record, sorted((ROOT / "configs" / "calibration" / "sim").glob("*.json")))
    held = next(kept for kept in records if kept.record.width == _WIDTH)
    tour.earlier_checks(held, _DAYS, history)
    demo = Demo(folder, _config())
    try:
        demo.wait_up(_UP_LIMIT_S)
        yield demo
    finally:
        demo.close()


def _config() -> str:
    """The shipped booth with what the tour has beside it, and a countdown that can be seen."""
    shipped = (ROOT / "configs" / "station" / "sim.toml").read_text()
    for old, new in (
        ('"../protocols/front.toml"', '"protocol.toml"'),
        ('"../quality/normal.toml"', '"quality.toml"'),
        ("auto_shoot_s = 1.0", "auto_shoot_s = 6.0"),
        ('"../', f'"{ROOT}/configs/'),
    ):
        assert old in shipped
        shipped = shipped.replace(old, new)
    return shipped + '\n[worklist]\nfile = "today.csv"\n'


async def take(demo: Demo, folder: Path) -> None:
    """Every picture of the pages."""
    expect.set_options(timeout=_PATIENCE_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=PROGRAM, args=ARGUMENTS)
        try:
            context = await browser.new_context(viewport=SIZE)  # type: ignore[arg-type]
            context.set_default_timeout(_PATIENCE_MS)
            study = await take_kiosk(KioskPage(await context.new_page(), demo.kiosk), folder)
            await take_viewer(ViewerPage(await context.new_page(), demo.viewer), demo, folder, study)
        finally:
            await browser.close()


async def take_kiosk(page: KioskPage, folder: Path) -> str:
    """The booth's page in and beside a visit; the visit's Study Instance UID."""

    async def take(name: str) -> None:
        await save(page.page, folder / f"{name}.png", settle_ms=0 if name in tour.BRIEF else _SETTLE_MS)

    await page.open()
    await tour.first_visit(page)
    await tour.second_visit(page, take)
    study = await page.study()
    await tour.booth_pages(page, take)
    await page.page.close()
    return study


async def take_viewer(page: ViewerPage, demo: Demo, folder: Path, study: str) -> None:
    """The server's page: a booth live, and the visit of the tour."""
    await page.open(demo.code)
    await page.booths.first.wait_for()
    await page.open_booth("sim-1")
    await expect(page.live.canvas).to_have_attribute("data-overlay", "true")
    await page.layers.set("redness", True)
    await save(page.page, folder / "viewer-live.png", settle_ms=4_000)
    await page.open_visits()
    await save(page.page, folder / "viewer-visits.png")
    await page.open_visit(study)
    await page.page.get_by_text("Complete").first.wait_for(timeout=_ANALYSED_MS)
    await page.choose_light("parallel_polarised")
    await page.page.get_by_role("button", name="Face").click()
    for layer in ("spots", "trouble", "redness"):
        await page.layers.set(layer, True)
        await expect(page.photo.canvas).to_have_attribute("data-layers", re.compile(rf"\b{layer}\b"))
    await save(page.page, folder / "viewer-visit.png")
    await page.choose_light("white")
    await page.measures.evaluate("(table) => scrollTo(0, table.getBoundingClientRect().top + scrollY - 150)")
    await save(page.page, folder / "viewer-measures.png")


async def save(page: Page, path: Path, settle_ms: int = _SETTLE_MS) -> None:
    """Write what the page shows."""
    await page.wait_for_timeout(settle_ms)
    await page.screenshot(path=path)


def phantom_sheet(path: Path) -> None:
    """The people that the phantom can be."""
    subprocess.run([sys.executable, "-m", "phantom.sheet", str(path)], cwd=ROOT, check=True, timeout=600)


def publish(taken: Path, folder: Path) -> None:
    """Write each picture into the folder, as a JPEG; raises if one is too large for a README."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(taken.glob("*.png")):
        target = folder / f"{path.stem}.jpg"
        with Image.open(path) as picture:
            picture.convert("RGB").save(target, quality=QUALITY, optimize=True, progressive=True)
        assert target.stat().st_size <= MAX_BYTES, f"{target} has {target.stat().st_size} bytes"
        print(f"{target}  {target.stat().st_size // 1000} kB")


def main() -> None:
    """Take all pictures into the folder of the command line."""
    assert shutil.which(PROGRAM), "Chromium is missing: apt-get install chromium"
    with tempfile.TemporaryDirectory(prefix="screenshots-") as temporary:
        taken = Path(temporary) / "taken"
        taken.mkdir()
        phantom_sheet(taken / "phantom.png")
        with running_demo(Path(temporary) / "demo") as demo:
            asyncio.run(take(demo, taken))
        publish(taken, Path(sys.argv[1]))


if __name__ == "__main__":
    main()
