"""``make release-check``: may this wheel be published?

Prints what stands in the way, a line each. Exit status: 0 nothing does; 1 something does.
"""

from __future__ import annotations

import argparse
import re
import sys
import zipfile
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from pathlib import Path

CHANGELOG = Path(__file__).resolve().parent.parent / "CHANGELOG.md"
PLACEHOLDER = "OWNER"
BUNDLE = "airflow_hpt_provider/ui/static/index.html"


def problems(wheel: Path, tag: str | None, changelog: str) -> Iterator[str]:
    """Yield each reason not to publish the wheel, with what to do about it."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        (metadata,) = (name for name in names if name.endswith(".dist-info/METADATA"))
        about = message_from_bytes(archive.read(metadata))
    yield from _links(about)
    version = about["Version"]
    if tag is not None and tag != f"v{version}":
        yield f"The tag is {tag}, and the wheel's version {version}. Tag the commit v{version}."
    newest = re.search(r"^## (\S+) \((\S+)\)$", changelog, re.MULTILINE)
    if newest is None or newest[1] != version:
        yield f"CHANGELOG.md does not begin with version {version}. Give it a section."
    elif not re.fullmatch(r"\d{4}-\d\d-\d\d", newest[2]):
        yield f"CHANGELOG.md gives version {version} no date, but says {newest[2]}. Write the date of the release."
    if BUNDLE not in names:
        yield "The tuning page's bundle is not in the wheel. Run make ui, and build the wheel again."
    for kept in ("LICENSE", "NOTICE"):
        if not any(name.endswith(f".dist-info/licenses/{kept}") for name in names):
            yield f"{kept} is not in the wheel. Name it in license-files in pyproject.toml."


def _links(about: Message) -> Iterator[str]:
    urls = about.get_all("Project-URL", [])
    if not urls:
        yield "The wheel has no project URLs. Give pyproject.toml a section [project.urls]."
    description = str(about.get_payload())
    if any(f"/{PLACEHOLDER}/" in text for text in [*urls, description]):
        yield f"The project's URLs hold the placeholder {PLACEHOLDER}. Write the repository's owner in pyproject.toml."
    for target in re.findall(r"\]\((?!https?://|#|mailto:)([^)\s]+)", description):
        yield f"The README links to {target}, which the package index does not have. Make the link absolute."


def main() -> int:
    """Check the wheel that the command line names."""
    parser = argparse.ArgumentParser(description="May this wheel be published?")
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--tag", help="the tag of the commit, for example v0.1.0")
    options = parser.parse_args()
    found = list(problems(options.wheel, options.tag, CHANGELOG.read_text()))
    print("\n".join(found) or f"{options.wheel.name} may be published.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
