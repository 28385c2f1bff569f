"""Tuning job names that change with each try, a workaround for ResourceInUse."""

from __future__ import annotations

import ast
import re

_CLOCKS = frozenset(
    {
        "now",
        "utcnow",
        "today",
        "time",
        "time_ns",
        "strftime",
        "uuid1",
        "uuid4",
        "random",
        "randint",
        "token_hex",
    }
)
_IN_TEMPLATES = re.compile(r"\{\{[^}]*(now\(|today\(|uuid\d\(|time\(\)|random|try_number)")
_WHY = (
    "This name is another in each try, so a retry cannot find the job of the try before, and pays twice. Without a "
    "name one is made for each task instance: a retry rejoins its job, and a cleared task makes the next."
)


def changing_name(value: ast.expr) -> str | None:
    """Explain why a name's expression changes with each try; return None if it does not."""
    for node in ast.walk(value):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in _CLOCKS:
                return _WHY
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and _IN_TEMPLATES.search(node.value)
        ):
            return _WHY
    return None
