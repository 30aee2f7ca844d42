"""axe-core's findings on a page: https://github.com/dequelabs/axe-core."""

from typing import Any

from playwright.async_api import Page

from tests.fixtures.web import WEB

_SOURCE = WEB / "node_modules" / "axe-core" / "axe.min.js"
_RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
_RUN = """async (tags) => {
    const found = await axe.run(document, { runOnly: { type: "tag", values: tags }, resultTypes: ["violations"] });
    return found.violations.map((one) => ({
        rule: one.id,
        help: one.help,
        at: one.nodes.map((node) => `${node.target.flat().join(" ")}: ${node.failureSummary}`),
    }));
}"""


async def violations(page: Page) -> list[dict[str, Any]]:
    """What breaks WCAG 2.2 A or AA, or axe's best practice, on the page as it is now."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(_SOURCE.read_text())
    return list(await page.evaluate(_RUN, list(_RULES)))
