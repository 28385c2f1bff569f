"""The table of metrics in ``docs/metrics.md``: ``python -m docs.metrics_table`` writes it."""

from __future__ import annotations

import re
from pathlib import Path

from airflow_hpt_provider.metrics import METRICS

PAGE = Path(__file__).with_name("metrics.md")
_TABLE = re.compile(r"(?<=<!-- table of metrics -->\n).*?(?=<!-- end of table -->)", re.DOTALL)


def table() -> str:
    """Return the table, a row for each metric."""
    rows = ["| metric | kind | tags | shows | sent by |", "|---|---|---|---|---|"]
    for metric in METRICS:
        tags = ", ".join(f"`{tag}`" for tag in metric.tags)
        rows.append(f"| `{metric.name}` | {metric.kind} | {tags} | {metric.what} | {metric.sent_by} |")
    return "\n".join(rows) + "\n"


def updated(page: str) -> str:
    """Return the page with the table as it is now."""
    return _TABLE.sub(lambda _: table(), page)


if __name__ == "__main__":
    PAGE.write_text(updated(PAGE.read_text()))
