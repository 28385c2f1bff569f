"""YAML 1.2, as version 2 of the aws CLI reads and writes it.

PyYAML knows 1.1, where ``Off`` is a boolean, ``1:30`` a number, and ``1e5`` a word. What is a number or a boolean is
taken from 1.2 here, and the rest from PyYAML.
"""

from __future__ import annotations

import json
import re
from typing import Any

import yaml

_TAG = "tag:yaml.org,2002:"
_PLAIN = {
    f"{_TAG}bool": (r"(?:true|True|TRUE|false|False|FALSE)", "tTfF"),
    f"{_TAG}int": (r"[-+]?(?:0b[0-1_]+|0o?[0-7_]+|[0-9_]+|0x[0-9a-fA-F_]+)", "-+0123456789"),
    f"{_TAG}float": (
        r"[-+]?[0-9][0-9_]*(?:\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)"
        r"|[-+]?\.[0-9_]+(?:[eE][-+][0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        "-+0123456789.",
    ),
}
"""What a plain word must match to be more than a word, and the characters that it can begin with."""
_BaseDumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class Dumper(_BaseDumper):  # type: ignore[misc]
    """Writes YAML 1.2: words without quotes where they are words."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write equal parts out, each where it belongs."""
        return True


def _know(dialect: Any) -> None:
    dialect.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag not in _PLAIN]
        for first, resolvers in dialect.yaml_implicit_resolvers.items()
    }
    for tag, (pattern, begins) in _PLAIN.items():
        dialect.add_implicit_resolver(tag, re.compile(f"^(?:{pattern})$"), list(begins))


_know(Dumper)
Dumper.add_representer(
    float, lambda dumper, value: dumper.represent_scalar(f"{_TAG}float", json.dumps(value))
)
