"""What the README quotes is what the files say, and what it links to exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]
README = (REPOSITORY / "README.md").read_text()
SOURCES = [
    *sorted((REPOSITORY / "dags").rglob("*.py")),
    *sorted((REPOSITORY / "docs" / "snippets").glob("*.py")),
]
QUOTES = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_it_quotes_code() -> None:
    assert QUOTES


@pytest.mark.parametrize("quote", QUOTES, ids=lambda quote: quote.strip().splitlines()[0])
def test_code_is_quoted_from_files_that_tests_load(quote: str) -> None:
    assert any(quote in source.read_text() for source in SOURCES)


@pytest.mark.parametrize("target", re.findall(r"\]\((?!https?:)([^)#]+)\)", README))
def test_links_lead_somewhere(target: str) -> None:
    assert (REPOSITORY / target).exists()


def test_the_make_targets_it_names_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)`", README)) <= targets
