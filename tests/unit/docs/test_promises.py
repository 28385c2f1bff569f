"""Every test that docs/comparison.md and docs/guarantees.md name exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[2]


def rows(page: str) -> list[list[str]]:
    """The rows of a page's tables, without headings."""
    text = (TESTS.parent / "docs" / page).read_text()
    tables = re.findall(r"^\|.*\|\n\|[-|]+\|\n((?:\|.*\|\n)+)", text, re.MULTILINE)
    return [
        [cell.strip() for cell in row.strip("|").split("|")] for table in tables for row in table.splitlines()
    ]


ROWS = rows("comparison.md")
GUARANTEES = [row for row in rows("guarantees.md") if "::test" in row[-1] or row[-1] == "not tested"]
NAMED = sorted({name for row in ROWS + GUARANTEES for name in re.findall(r"`([^`]*::[^`]*)`", row[-1])})


def test_every_promise_is_shown_by_a_test():
    assert len(ROWS) >= 27
    for row in ROWS:
        assert len(row) == 3
        assert re.search(r"`[^`]*::test_[^`]*`", row[-1]), row[0]


def test_every_guarantee_names_its_test_or_says_that_it_has_none():
    text = (TESTS.parent / "docs" / "guarantees.md").read_text()
    tables = text.count("| tested in |")
    assert tables == 4
    with_tests = re.findall(r"\| tested in \|\n\|[-|]+\|\n((?:\|.*\|\n)+)", text)
    assert sum(len(table.splitlines()) for table in with_tests) == len(GUARANTEES) > 40


@pytest.mark.parametrize("name", NAMED)
def test_the_test_exists(name):
    file, _, function = name.partition("::")
    tree = ast.parse((TESTS / file).read_text())
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    assert function in functions


def test_each_guarantee_says_its_whole_case() -> None:
    cases = [row[0] for row in rows("guarantees.md")]
    assert cases
    assert [case for case in cases if case.startswith(("…", "...", "the same"))] == []
