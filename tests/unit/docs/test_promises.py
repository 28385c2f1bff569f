"""Every test that docs/promises.md names is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[2]
ROWS = [
    [cell.strip() for cell in row.split("|")]
    for row in re.findall(r"^\|(.*)\|$", (TESTS.parent / "docs" / "promises.md").read_text(), re.MULTILINE)[
        2:
    ]
]
NAMED = sorted({name for row in ROWS for name in re.findall(r"`([^`]*::[^`]*)`", row[-1])})


def test_every_promise_is_shown_by_a_test():
    assert len(ROWS) >= 27
    for row in ROWS:
        assert len(row) == 3
        assert re.search(r"`[^`]*::test_[^`]*`", row[-1]), row[0]


@pytest.mark.parametrize("name", NAMED)
def test_the_test_is_there(name):
    file, _, function = name.partition("::")
    tree = ast.parse((TESTS / file).read_text())
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    assert function in functions
