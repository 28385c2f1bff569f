"""What Airflow reads about the provider is what its own schema allows, and each name in it can be imported."""

from __future__ import annotations

import json
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path

import airflow
import jsonschema

from airflow_hpt_provider.provider_info import get_provider_info

SCHEMAS = Path(airflow.__file__).parent


def test_both_schemas_of_airflow_allow_it() -> None:
    for schema in ("provider_info.schema.json", "provider.yaml.schema.json"):
        if (SCHEMAS / schema).is_file():
            properties = json.loads((SCHEMAS / schema).read_text())["properties"]
            assert set(get_provider_info()) - {"package-name"} <= set(properties) | {"versions"}
    jsonschema.validate(get_provider_info(), json.loads((SCHEMAS / "provider_info.schema.json").read_text()))


def test_plugin_is_the_one_of_the_entry_point() -> None:
    (plugin,) = get_provider_info()["plugins"]
    (entry_point,) = (each for each in entry_points(group="airflow.plugins") if each.name == plugin["name"])
    module, _, name = plugin["plugin-class"].rpartition(".")
    assert getattr(import_module(module), name) is entry_point.load()
    assert entry_point.load().name == plugin["name"]
