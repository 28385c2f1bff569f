"""Code in the pages, kept equal to tested files: ``python -m docs.quotes`` copies it.

A comment in a page names a file, and optionally a section of it: ``<!-- quote docs/snippets/how_to.py:ranges -->``.
The code block below the comment holds that text. In the file, the lines ``# [start:ranges]`` and ``# [end:ranges]``
enclose the section.
"""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]

_QUOTE = re.compile(
    r"^<!-- quote ([\w./-]+?)(?::([\w-]+))? -->\n```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE
)


def quotes(page: str) -> list[tuple[str, str | None]]:
    """Return the files, with their sections, that a page quotes."""
    return [(match[1], match[2]) for match in _QUOTE.finditer(page)]


def text_of(file: str, section: str | None) -> str:
    """Return the text of a file, or of a section without its indentation. Raises ValueError without that section."""
    text = (REPOSITORY / file).read_text()
    if section is None:
        return text
    match = re.search(
        rf"^ *# \[start:{section}\]\n(.*?)^ *# \[end:{section}\]$", text, re.DOTALL | re.MULTILINE
    )
    if match is None:
        raise ValueError(
            f"{file} has no section {section}. Enclose it in # [start:{section}] and # [end:{section}]."
        )
    return textwrap.dedent(match[1])


def updated(page: str) -> str:
    """Return a page with every quotation as its file has it now."""
    return _QUOTE.sub(
        lambda match: (
            match[0][: match.start(3) - match.start()] + f"{match[3]}\n{text_of(match[1], match[2])}```"
        ),
        page,
    )


def main() -> None:
    """Update the pages, and print those that changed."""
    for path in PAGES:
        page = path.read_text()
        if page != (new := updated(page)):
            path.write_text(new)
            print(f"{path.relative_to(REPOSITORY)} updated")


if __name__ == "__main__":
    main()
