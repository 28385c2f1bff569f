"""What these pages of the documentation quote is what the files say that other tests run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]
PAGES = [REPOSITORY / "docs" / name for name in ("events.md", "waiting.md")]
SCRIPT = (REPOSITORY / "docs" / "snippets" / "event_queue.sh").read_text()
QUOTES = re.findall(r"```bash\n(.*?)```", PAGES[0].read_text(), re.DOTALL)


def test_there_is_something_to_quote() -> None:
    assert QUOTES


@pytest.mark.parametrize("quote", QUOTES, ids=lambda quote: quote.strip().splitlines()[0][:60])
def test_the_script_is_quoted_as_it_is(quote: str) -> None:
    assert quote in SCRIPT


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)\)", page.read_text())
    assert [target for target in targets if not (page.parent / target).exists()] == []
