"""docs/security.md and docs/faults.md: each promise names a test, and each test that they name exists."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
FAULTS = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TEXT + FAULTS)))
ROWS = [line for line in TEXT.splitlines() if line.startswith("| ") and not line.startswith("| guarantee |")]


@cache
def functions(path):
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_the_test_exists(path, name):
    assert (ROOT / path).is_file()
    assert name in functions(path)


@pytest.mark.parametrize("row", ROWS)
def test_each_promise_names_a_test(row):
    promise, shown = row.strip("| ").split(" | ")
    assert promise.rstrip().endswith((".", "...")), "a whole sentence"
    assert re.fullmatch(r"(`tests/[\w/]+\.py::\w+` ?)+", shown)


def test_the_page_counts_the_kinds_of_malformed_requests():
    from tests.fuzz.campaign import KINDS

    assert f"{len(KINDS)} kinds" in TEXT
