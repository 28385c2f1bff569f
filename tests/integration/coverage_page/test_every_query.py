"""Every query that the reference's members allow, in all forms, over all kinds of jobs: as the AWS CLI prints them."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import jmespath
import pytest

from airflow_hpt_provider.cli.aws import output
from docs.coverage.members import reference_paths
from tests.support.aws_cli_2 import TITLE, AwsCli2
from tests.support.foreign_programs import debian_program

if TYPE_CHECKING:
    from docs.coverage.round_trip import RoundTrip

pytestmark = [pytest.mark.integration, pytest.mark.foreign]

FORMS = ["json", "text", "table", "yaml", "yaml-stream"]
KINDS = ("single-type", "warm", "hyperband", "several", "failing", "converging")
WRAPPED = (
    "{0}",
    "{{V: {0}, N: HyperParameterTuningJobName}}",
    "[{0}, HyperParameterTuningJobStatus]",
    "[{0}]",
)
OF_LISTS = ("{0}[0]", "{0}[-1:]", "length({0} || `[]`)", "{0} | [?Name > 'a']")
OTHERS = (
    *("@", "*", "*.*", "keys(@)", "`null`", "`{}`", "`[]`", '`""`', '`"a,b"`', '`"2026-11-24"`', "`[[]]`"),
    *("`[null]`", "`[{}]`", "`true`", '`"true"`', "`1e-7`", '`"a: b"`', '`" x"`', '`"\\u00e9\\t\\n"`'),
    *("to_string(@)", "sort_by(*[], &@)", "Nothing", "Nothing.Nothing[]", "[Nothing]", "{{N: Nothing}}"),
    *("BestTrainingJob.[TrainingJobName, CreationTime]", "TrainingJobStatusCounters.*", "max(*.Completed)"),
)

BREAKS_OFF = ("AttributeError", "TypeError", "IndexError", "ZeroDivisionError")
"""What the AWS CLI's formatters raise for structures and plain values in one list; ours print them (docs/cli.md)."""


def queries() -> list[str]:
    """Each member alone, in a structure, in a list, and what can be done with lists."""
    made = [query.replace("{{", "{").replace("}}", "}") for query in OTHERS]
    for path in reference_paths():
        made += [form.format(path) for form in WRAPPED]
        if "[]" in path:
            made += [path.replace("[]", "[0]"), f"{path} | [0]"]
        if path.endswith(("Ranges", "Definitions", "Values", "InputDataConfig", "MetricDefinitions")):
            made += [form.format(path) for form in OF_LISTS]
    return made


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsCli2]:
    debian_program("aws")
    program = AwsCli2(tmp_path_factory.mktemp("models"))
    yield program
    program.close()


def as_text(value: Any) -> Any:
    """Times as the command reads them."""
    if isinstance(value, dict):
        return {name: as_text(part) for name, part in value.items()}
    if isinstance(value, list):
        return [as_text(part) for part in value]
    return value.isoformat() if isinstance(value, dt.datetime) else value


def ours(response: Any, query: str, form: str) -> tuple[str, str | None]:
    out = io.StringIO()
    try:
        output.write(jmespath.search(query, response), form, out, title=TITLE, color="off")
    except Exception as error:
        return out.getvalue(), type(error).__name__
    return out.getvalue(), None


def test_every_query_in_every_form(trip: RoundTrip, aws: AwsCli2) -> None:
    asked = queries()
    compared = 0
    for kind in KINDS:
        response = as_text(trip.responses[kind])
        response.pop("ResponseMetadata", None)
        theirs = aws.written(response, asked, FORMS)
        different = {
            (query, form): (mine, expected)
            for query in asked
            for form, expected in theirs[query].items()
            if (mine := ours(response, query, form)) != tuple(expected) and expected[1] not in BREAKS_OFF
        }
        assert different == {}, kind
        compared += len(theirs) * len(FORMS)
    assert compared > 25_000
