"""The documentation of metrics, and the example dashboard, have the names and tags that the provider sends."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_hpt_provider import metrics
from docs.metrics_table import PAGE, updated

REPOSITORY = Path(__file__).parents[3]
METRICS = {f"airflow_{metric.name.replace('.', '_')}": metric for metric in metrics.METRICS}
"""By the names that Prometheus' statsd_exporter makes of them."""
DASHBOARD = json.loads((REPOSITORY / "docs" / "grafana-dashboard.json").read_text())
QUERIES = [
    (target["expr"], target["legendFormat"]) for panel in DASHBOARD["panels"] for target in panel["targets"]
]
_SELECTOR = re.compile(r"(airflow_\w+?)(_sum|_count)?(?:\{(.*?)\})?(?=[\[)\s])")


def sends() -> Iterator[tuple[str, set[str]]]:
    """Yield the constant and the tags of each place that sends a metric."""
    for file in (REPOSITORY / "airflow_hpt_provider").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "send"
                and isinstance(node.func.value, ast.Name)
                and hasattr(metrics, node.func.value.id)
            ):
                yield node.func.value.id, {str(keyword.arg) for keyword in node.keywords}


def test_the_table_is_up_to_date() -> None:
    page = PAGE.read_text()
    assert updated(page) == page, "run .venv/bin/python -m docs.metrics_table"
    assert all(f"| `{metric.name}` |" in page for metric in metrics.METRICS)


def test_every_tag_is_explained() -> None:
    page = PAGE.read_text()
    assert {tag for metric in metrics.METRICS for tag in metric.tags} == set(
        re.findall(r"^\| `(\w+)` \| (?!counter|gauge|timer)", page, re.MULTILINE)
    )


def test_every_metric_is_in_the_table_and_is_sent_with_its_tags() -> None:
    constants = {name: value for name, value in vars(metrics).items() if isinstance(value, metrics.Metric)}
    assert set(constants.values()) == set(metrics.METRICS)
    places = list(sends())
    assert {name for name, _ in places} == set(constants)
    for name, tags in places:
        assert tags == set(constants[name].tags) - {"hostname"}, name


@pytest.mark.parametrize(("query", "legend"), QUERIES)
def test_a_query_names_metrics_and_tags_that_are_sent(query: str, legend: str) -> None:
    selectors = _SELECTOR.findall(query)
    assert len(selectors) == query.count("airflow_") > 0
    for name, part, labels in selectors:
        metric = METRICS[name]
        allowed = {*metric.tags, *(["quantile"] if metric.kind == "timer" else [])}
        assert part == "" or metric.kind == "timer"
        used = re.findall(r"(\w+)\s*[=!]", labels) + re.findall(r"\{\{(\w+)\}\}", legend)
        for group in re.findall(r"by \((.*?)\)", query):
            used += group.split(", ")
        assert set(used) <= allowed, query
        is_counted = f"rate({name}" in query or f"increase({name}" in query
        assert is_counted is (metric.kind == "counter" or part != ""), query


def test_every_metric_is_on_the_dashboard() -> None:
    shown = {match[0] for query, _ in QUERIES for match in _SELECTOR.findall(query)}
    assert shown == set(METRICS)


def test_panels_do_not_overlap() -> None:
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in DASHBOARD["panels"])
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) == 23


DASHBOARD_FIELDS = {
    "": {
        "title",
        "uid",
        "schemaVersion",
        "version",
        "editable",
        "refresh",
        "tags",
        "time",
        "timezone",
        "templating",
        "panels",
        "description",
        "annotations",
        "graphTooltip",
        "links",
    },
    "panel": {
        "id",
        "type",
        "title",
        "description",
        "datasource",
        "gridPos",
        "fieldConfig",
        "options",
        "targets",
    },
    "gridPos": {"h", "w", "x", "y"},
    "variable": {"name", "label", "type", "query", "current", "hide", "refresh", "regex"},
}
"""Members that Grafana's own TypeScript type has: ``Dashboard`` of @grafana/schema 13.2.3. In its strict mode, the
compiler accepts the dashboard as a value of that type, and refuses a text for a number and a misspelt member."""


def test_the_dashboard_has_grafanas_fields() -> None:
    assert set(DASHBOARD) <= DASHBOARD_FIELDS[""]
    assert isinstance(DASHBOARD["schemaVersion"], int)
    (variable,) = DASHBOARD["templating"]["list"]
    assert set(variable) <= DASHBOARD_FIELDS["variable"]
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))
    for panel in DASHBOARD["panels"]:
        assert {"id", "type", "title", "gridPos", "targets"} <= set(panel) <= DASHBOARD_FIELDS["panel"]
        assert set(panel["gridPos"]) == DASHBOARD_FIELDS["gridPos"]
        assert all(isinstance(value, int) and value >= 0 for value in panel["gridPos"].values())
        assert panel["datasource"] == {"type": "prometheus", "uid": f"${{{variable['name']}}}"}
        references = [target["refId"] for target in panel["targets"]]
        assert len(references) == len(set(references))


def test_the_page_gives_the_names_that_prometheus_makes_of_opentelemetrys() -> None:
    page = PAGE.read_text()
    named = set(
        re.findall(
            r"`(airflow_hpt_\w+?)(?:_total)?`", page.partition("With OpenTelemetry")[2].partition("\n\n")[0]
        )
    )
    kinds = {METRICS[name].kind for name in named}
    assert kinds == {"counter", "gauge", "timer"}
    assert "`airflow_hpt_calls_total`" in page
