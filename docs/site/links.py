"""Every link and anchor of the built website leads somewhere, and nothing is loaded from another host."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADING = {"link": "href", "script": "src", "img": "src", "iframe": "src"}
NOT_LOADED = {"canonical", "next", "prev", "edit"}


class Page(HTMLParser):
    """One page's links, anchors, and what a browser loads for it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.loads: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect links and anchors; the parser calls it."""
        given = dict(attrs)
        self.anchors.update(value for key in ("id", "name") if (value := given.get(key)))
        if tag == "a" and (href := given.get("href")):
            self.links.append(href)
        if (value := given.get(LOADING.get(tag, ""))) and given.get("rel") not in NOT_LOADED:
            self.loads.append(value)


def problems(site: Path) -> list[str]:
    """Return the website's errors, a line each."""
    parsed = {
        path: Page(path.read_text()) for path in sorted(site.rglob("*.html")) if path.name != "404.html"
    }
    found = []
    for path, page in parsed.items():
        where = path.relative_to(site)
        found += [f"{where}: loads {url}" for url in page.loads if urlsplit(url).netloc]
        for link in [*page.links, *page.loads]:
            url = urlsplit(link)
            if url.scheme or url.netloc:
                continue
            target = (path.parent / unquote(url.path)).resolve() if url.path else path
            target = target / "index.html" if target.is_dir() else target
            if not target.exists():
                found.append(f"{where}: no page {link}")
            elif url.fragment and target in parsed and unquote(url.fragment) not in parsed[target].anchors:
                found.append(f"{where}: no anchor {link}")
    return found
