"""``--output yaml`` and ``yaml-stream``: YAML 1.2 with sorted members, as version 2 of the aws CLI prints it."""

from __future__ import annotations

import json
from typing import Any, TextIO

import yaml

from airflow_hpt_provider.cli.aws.output import json_form
from airflow_hpt_provider.cli.aws.output.yaml_dumper import Dumper


def write(value: Any, out: TextIO) -> None:
    """Block style, 80 columns, times as quoted text. A scalar is JSON text; an empty response prints nothing."""
    if not isinstance(value, dict | list):
        json_form.write(value, out, indent=None)
    elif value != {}:
        plain = json.loads(json.dumps(value, default=json_form.as_json))
        yaml.dump(plain, out, Dumper=Dumper, default_flow_style=False, allow_unicode=True)
