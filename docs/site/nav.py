"""Which page stands where. A page that exists and is not named here stands under "More": nothing gets lost."""

from __future__ import annotations

from collections.abc import Sequence

Entry = str | dict[str, "str | list[Entry]"]

SECTIONS: dict[str, list[str]] = {
    "Start": ["index.md", "tutorial.md", "aws.md", "operations.md"],
    "How to": [
        "how-to.md",
        "own-script.md",
        "examples.md",
        "configs.md",
        "trigger-form.md",
        "events.md",
        "assets-and-lineage.md",
        "page.md",
        "cli.md",
        "migrate.md",
    ],
    "Explanation": [
        "how-it-works.md",
        "identity.md",
        "retries.md",
        "waiting.md",
        "guarantees.md",
        "comparison.md",
        "faults.md",
        "mutation-testing.md",
        "local-service.md",
        "algorithms.md",
        "threat-model.md",
        "security.md",
    ],
    "Reference": [
        "reference/operators.md",
        "reference/sensors.md",
        "reference/triggers.md",
        "reference/hooks.md",
        "reference/models.md",
        "reference/exceptions.md",
        "xcom.md",
        "reference/configuration.md",
        "reference/commands.md",
        "coverage.md",
        "metrics.md",
        "versions.md",
        "limits.md",
    ],
    "Questions": ["faq.md"],
    "Decisions": ["decisions/index.md"],
    "Project": [
        "contributing.md",
        "changelog.md",
        "reporting.md",
        "benchmarks/search.md",
        "benchmarks/search-attempts.md",
        "benchmarks/service.md",
    ],
}


def nav(pages: Sequence[str]) -> list[Entry]:
    """Return the navigation over the pages that exist, in Zensical's form."""
    left = set(pages)
    sections: list[Entry] = []
    for title, wanted in SECTIONS.items():
        found = [page for page in wanted if page in left]
        folder = wanted[0].removesuffix("index.md")
        if wanted[0].endswith("/index.md"):
            found += sorted(page for page in left if page.startswith(folder) and page not in found)
        left -= set(found)
        if found:
            sections.append({title: list(found)})
    return [*sections, {"More": sorted(left)}] if left else sections
