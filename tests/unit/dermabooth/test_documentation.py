"""The pages for readers: every link leads somewhere, and every page is found from the README."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[3]
START = ROOT / "README.md"
_LINK = re.compile(r"\]\((?!\w+:)([^)\s]+)\)")


def pages() -> list[Path]:
    return [START, *sorted((ROOT / "docs").rglob("*.md"))]


def links(page: Path) -> Iterator[tuple[str, Path, str]]:
    """Each link as written, the file it means, and the heading."""
    for written in _LINK.findall(page.read_text("utf-8")):
        path, _, heading = written.partition("#")
        yield written, (page.parent / path).resolve() if path else page, heading


def headings(page: Path) -> set[str]:
    """The anchors that GitHub gives a page's headings."""
    found = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-") for words in found}


def test_every_link_leads_somewhere() -> None:
    dead = [
        f"{page.relative_to(ROOT)}: {written}"
        for page in pages()
        for written, target, heading in links(page)
        if not target.exists() or (heading and target.suffix == ".md" and heading not in headings(target))
    ]
    assert dead == []


def test_every_page_is_found_from_the_readme() -> None:
    found, waiting = {START}, [START]
    while waiting:
        for _, target, _ in links(waiting.pop()):
            # A folder is shown with all that is in it.
            for page in target.glob("*.md") if target.is_dir() else [target]:
                if page.suffix == ".md" and page.exists() and page not in found:
                    found.add(page)
                    waiting.append(page)
    assert sorted(str(page.relative_to(ROOT)) for page in set(pages()) - found) == []
