"""``--output yaml`` and ``yaml-stream``: YAML 1.2 with sorted members, as version 2 of the aws CLI prints it."""

from __future__ import annotations

import json
import re
from typing import Any, TextIO

import yaml

from airflow_hpt_provider.cli.aws.output.json_form import as_json

_TAG = "tag:yaml.org,2002:"
_Base: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Dumper(_Base):  # type: ignore[misc]
    """PyYAML writes YAML 1.1, which takes ``Off`` for a boolean and quotes it; in 1.2 it is a word."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write equal parts out, each where it belongs."""
        return True


_Dumper.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in {f"{_TAG}bool", f"{_TAG}float"}]
    for first, resolvers in _Base.yaml_implicit_resolvers.items()
}
_Dumper.add_implicit_resolver(
    f"{_TAG}bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
_Dumper.add_implicit_resolver(
    f"{_TAG}float",
    re.compile(
        r"^[-+]?(?:[0-9][0-9_]*\.?[0-9_]*(?:[eE][-+]?[0-9]+)?|\.[0-9_]+|\.(?:inf|Inf|INF|nan|NaN|NAN))$"
    ),
    list("-+0123456789."),
)
_Dumper.add_representer(
    float, lambda dumper, value: dumper.represent_scalar(f"{_TAG}float", json.dumps(value))
)


def write(value: Any, out: TextIO) -> None:
    """Block style, 80 columns, times as quoted text. An answer without members prints nothing."""
    if value != {}:
        plain = json.loads(json.dumps(value, default=as_json))
        yaml.dump(plain, out, Dumper=_Dumper, default_flow_style=False, allow_unicode=True)
