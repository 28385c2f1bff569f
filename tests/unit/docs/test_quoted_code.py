"""What these pages of the documentation quote is what the files say that other tests run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]
PAGES = [REPOSITORY / "docs" / name for name in ("events.md", "guarantees.md", "retries.md", "waiting.md")]
SOURCES = [
    source.read_text()
    for folder in (REPOSITORY / "dags", REPOSITORY / "docs" / "snippets")
    for source in [*sorted(folder.glob("*.py")), *sorted(folder.glob("*.sh"))]
]
QUOTES = [
    quote
    for page in PAGES
    for quote in re.findall(r"```(?:python|bash)\n(.*?)```", page.read_text(), re.DOTALL)
]


def test_there_is_something_to_quote() -> None:
    assert len(QUOTES) >= 4


@pytest.mark.parametrize("quote", QUOTES, ids=lambda quote: quote.strip().splitlines()[0][:60])
def test_code_is_quoted_from_files_that_tests_run(quote: str) -> None:
    commands = quote.startswith("set -a;")  # what a person types, not a part of a file
    assert commands or any(quote in source for source in SOURCES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)\)", page.read_text())
    assert [target for target in targets if not (page.parent / target).exists()] == []
