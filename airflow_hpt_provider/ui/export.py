"""A tuning job's training jobs as a file: one row each, for spreadsheets and notebooks."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from datetime import UTC, datetime
from typing import Any

_BLANKS = "".join(map(chr, [*range(33), 0x7F, 0xA0, 0x200B, 0x2060, 0xFEFF]))
_NUMBER = re.compile(r"[-+]?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_RISKY = ("=", "+", "-", "@")


def rows(document: dict[str, Any]) -> list[dict[str, Any]]:
    """One flat dict per training job: name, status, objective, times (ISO 8601), reason, hyperparameters, metrics."""
    training_jobs, reasons = document["training_jobs"], document["reasons"]
    flat = []
    for index, name in enumerate(training_jobs["name"]):
        reason = training_jobs["reason"][index]
        started, ended = training_jobs["started"][index], training_jobs["ended"][index]
        flat.append(
            {
                "training_job_name": name,
                "status": training_jobs["status"][index],
                "objective": training_jobs["metric"][index],
                "creation_time": _iso(training_jobs["created"][index]),
                "training_start_time": _iso(started),
                "training_end_time": _iso(ended),
                "duration_seconds": round(ended - started, 1) if started and ended else None,
                "failure_reason": None if reason is None else reasons[reason]["text"],
                **{f"hyperparameter.{key}": values[index] for key, values in training_jobs["values"].items()},
                **{f"metric.{key}": values[index] for key, values in training_jobs["metrics"].items()},
            }
        )
    return flat


def to_csv(document: dict[str, Any]) -> str:
    """Return the rows as CSV with a header line."""
    table, text = rows(document), io.StringIO()
    names = list(table[0]) if table else ["training_job_name"]
    writer = csv.DictWriter(text, names)
    writer.writeheader()
    writer.writerows({key: _harmless(value) for key, value in row.items()} for row in table)
    return text.getvalue()


def to_json(document: dict[str, Any]) -> str:
    """Return the rows as a JSON array."""
    return json.dumps(rows(document), indent=1, ensure_ascii=False)


def _harmless(value: Any) -> Any:
    """Put an apostrophe before text that a spreadsheet would run as a formula: failure reasons are a script's words.

    Spreadsheets skip leading blanks and control characters, and take fullwidth signs for the usual ones. A number such
    as -0.5 is no formula.
    """
    if not isinstance(value, str) or _NUMBER.fullmatch(value):
        return value
    plain = unicodedata.normalize("NFKC", value).lstrip(_BLANKS)
    return f"'{value}" if plain.startswith(_RISKY) or value[:1] in ("\t", "\r") else value


def _iso(moment: float | None) -> str | None:
    return None if moment is None else datetime.fromtimestamp(moment, UTC).isoformat()
