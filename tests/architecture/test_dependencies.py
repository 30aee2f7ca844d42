"""What is imported is declared, and what is declared stands in the page of dependencies with its licence."""

import ast
import json
import re
import runpy
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, metadata, packages_distributions
from pathlib import Path

import pytest

pytestmark = pytest.mark.architecture

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PAGE = (ROOT / "docs" / "reference" / "dependencies.md").read_text()
OURS = {"dermabooth", "phantom", "server", "station", "training"}
ELSEWHERE = {"gi", "triton_python_backend_utils"}
"""Of Debian, in a helper process; of Triton, in its own."""


def named(requirements: list[str]) -> set[str]:
    names = {re.split(r"[\[<>=;\s]", each)[0].lower() for each in requirements}
    return names - {PROJECT["name"]}


def rows(heading: str) -> dict[str, list[str]]:
    """The table under a heading, by its first column."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")][1:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {first.lower(): [first, *rest] for first, *rest in cells}


def imported(packages: set[str]) -> Iterator[str]:
    for package in packages:
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Import):
                    yield from (alias.name.split(".")[0] for alias in node.names)
                elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                    yield node.module.split(".")[0]


def declared() -> dict[str, set[str]]:
    extras = PROJECT["optional-dependencies"]
    kinds = {"Running": named(PROJECT["dependencies"])}
    kinds["Extras"] = set().union(
        *(named(extras[one]) for one in ("dmx", "gphoto2", "modbus", "parquet", "train"))
    )
    kinds["Developing"] = named(extras["dev"]) - kinds["Extras"]
    return kinds


def test_whatever_a_program_imports_is_declared() -> None:
    distributions = packages_distributions()
    foreign = set(imported(OURS)) - OURS - ELSEWHERE - set(sys.stdlib_module_names)
    needed = {distributions[name][0].lower().replace("_", "-") for name in foreign if name in distributions}
    known = declared()["Running"] | declared()["Extras"]
    assert needed - known <= {"protobuf"}  # comes with onnx, for whose files it is


@pytest.mark.parametrize("kind", ["Running", "Extras", "Developing"])
def test_every_python_dependency_has_its_line(kind: str) -> None:
    assert set(rows(kind)) == declared()[kind]


@pytest.mark.parametrize("kind", ["Running", "Extras", "Developing"])
def test_licences_are_those_that_packages_tell(kind: str) -> None:
    for name, cells in rows(kind).items():
        try:
            told = (metadata(name).get_all("License-Expression") or [""])[0]
        except PackageNotFoundError:
            continue
        if told and " AND " not in told:
            assert told in cells[-1], name


def test_every_front_end_dependency_has_its_line() -> None:
    package = json.loads((ROOT / "web" / "package.json").read_text())
    assert set(rows("Pages")) == {*package["dependencies"], *package["devDependencies"]}


def test_every_system_package_has_its_line() -> None:
    packages = runpy.run_path(str(ROOT / "scripts" / "system_packages.py"))["PACKAGES"]
    assert set(rows("System packages")) == set(packages)


def test_the_notice_names_what_the_pages_carry() -> None:
    notice = (ROOT / "NOTICE").read_text().lower()
    lock = json.loads((ROOT / "web" / "package-lock.json").read_text())["packages"]
    carried = [name for name, one in lock.items() if name and not one.get("dev")]
    for name in carried:
        assert name.removeprefix("node_modules/") in notice
