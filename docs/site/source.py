"""Puts the pages together in ``.local/docs``: those kept in ``docs``, the project's own, and the generated ones."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

from docs.site import reference
from docs.site.nav import nav

REPOSITORY = Path(__file__).parents[2]
IMAGES = REPOSITORY / "docs" / "images"
PROJECT_PAGES = {
    "contributing.md": "CONTRIBUTING.md",
    "changelog.md": "CHANGELOG.md",
    "reporting.md": "SECURITY.md",
}
_OUTSIDE = re.compile(r"(?<!!)\[([^\]]+)\]\(\.\./[^)]+\)")


def kept() -> dict[str, str]:
    """Return the pages that are written by hand, or kept in the repository, by their path on the website."""
    folder = REPOSITORY / "docs"
    own = {page.relative_to(folder).as_posix(): page.read_text() for page in sorted(folder.rglob("*.md"))}
    # Links to files of the repository lead somewhere in a checkout, but not on the website.
    own = {name: text if "/" in name else _OUTSIDE.sub(r"\1", text) for name, text in own.items()}
    return own | {name: (REPOSITORY / file).read_text() for name, file in PROJECT_PAGES.items()}


def write(into: Path) -> list[str]:
    """Write all pages and the generator's configuration below ``into``; the pages' paths."""
    shutil.rmtree(into, ignore_errors=True)
    pages = kept() | reference.pages()
    for name, text in pages.items():
        target = into / "pages" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    if IMAGES.is_dir():
        shutil.copytree(IMAGES, into / "pages" / IMAGES.name)
    settings = (Path(__file__).parent / "zensical.toml").read_text()
    settings = settings.replace("@REPOSITORY@", str(REPOSITORY)).replace("@NAV@", _toml(nav(list(pages))))
    (into / "zensical.toml").write_text(settings)
    return list(pages)


def _toml(value: object) -> str:
    """Write lists, one-key tables and strings as TOML; a string in JSON is one in TOML."""
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_toml(item)}" for key, item in value.items()) + "}"
    return json.dumps(value)
