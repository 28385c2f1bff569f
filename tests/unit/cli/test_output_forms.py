"""Every form of output next to the program that has it: the aws CLI's own formatters, and ruamel.yaml for YAML."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError

from airflow_hpt_provider.cli.aws import output
from airflow_hpt_provider.cli.aws.errors import InputError
from airflow_hpt_provider.cli.aws.inputs import parameters_of
from tests.support.aws_cli_forms import TITLE, AwsCliForms

words = st.sampled_from(
    ["Off", "on", "1e-05", "3", "0x1F", "null", "", "a: b", "été", "2026-11-24T01:02:03+00:00"]
)
texts = (
    words
    | st.just("幅")
    | st.text(st.characters(codec="ascii", categories=["L", "N", "P", "Zs"]), max_size=60)
)
scalars = (
    texts | st.integers(-(10**6), 10**12) | st.floats(allow_nan=False, allow_infinity=False) | st.booleans()
)
names = st.text("abcdefgXYZ", min_size=1, max_size=12)
values = st.recursive(
    scalars | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=5),
    max_leaves=20,
)


BREAKS_OFF = ("AttributeError", "TypeError", "IndexError", "ZeroDivisionError")
"""What the aws CLI's formatters raise for structures and plain values in one list."""


@pytest.fixture(scope="module")
def aws_cli() -> Iterator[AwsCliForms]:
    forms = AwsCliForms()
    yield forms
    forms.close()


thorough = settings(max_examples=100, deadline=None, derandomize=True)


def written(value: Any, form: str, color: str = "off") -> str:
    out = io.StringIO()
    output.write(value, form, out, title=TITLE, color=color)
    return out.getvalue()


@thorough
@given(value=values)
def test_text_is_awss(aws_cli: AwsCliForms, value: Any) -> None:
    theirs, error = aws_cli("text", value)
    assert error in BREAKS_OFF if error else written(value, "text") == theirs


@thorough
@given(value=values)
@example(value={"A": [{"K": "x" * 100, "L": 1}], "B": {"C": 1}})
@example(value=[[1, 2], [3]])
@example(value=[{}, []])
def test_a_table_is_awss(aws_cli: AwsCliForms, value: Any) -> None:
    theirs, error = aws_cli("table", value)
    if error is None:
        assert written(value, "table", color="on") == aws_cli("colored table", value)[0]
    if error == "ValueError":
        with pytest.raises(ValueError, match="cells, others have"):
            written(value, "table")
    else:
        assert error in BREAKS_OFF if error else written(value, "table") == theirs


def test_a_colored_table() -> None:
    value = {"Name": "x", "In": {"A": 1}}
    colored = written(value, "table", color="on")
    assert "|  \x1b[1m\x1b[34mName\x1b[0m " in colored, "values are bright and blue"
    assert "\x1b[2m\x1b[33m|\x1b[0m" in colored, "frames of nested tables are dim and yellow"
    assert re.sub(r"\x1b\[\d+m", "", colored) == written(value, "table")
    assert colored.count("\n") == colored.count("\n\x1b[0m"), "no colour runs on into the next line"


@thorough
@given(values)
def test_json_is_awss(value: Any) -> None:
    theirs = json.dumps(value, indent=4, ensure_ascii=False) + "\n"
    assert written(value, "json") == ("" if value == {} else theirs)


numbers = st.text("0123456789abfxo_+-.:eE", min_size=1, max_size=6)
"""What looks like a number to the one version of YAML or the other."""
lookalikes = numbers | st.sampled_from(
    [
        "yes",
        "no",
        "on",
        "Off",
        "y",
        "true",
        "True",
        "NULL",
        "~",
        ".inf",
        ".nan",
        "=",
        "<<",
        "2026-11-24",
        "12:30:45",
    ]
)


@settings(max_examples=1000, deadline=None, derandomize=True)
@given(lookalikes)
@example("1:30")
@example("+_0")
@example("0o17")
def test_words_that_look_like_numbers_are_quoted_as_aws_does(word: str) -> None:
    yaml, theirs = YAML(typ="safe"), io.StringIO()
    yaml.representer.default_flow_style = False
    yaml.dump({"Value": word}, theirs)
    assert written({"Value": word}, "yaml") == theirs.getvalue()


BEYOND_THE_CORE_SCHEMA = re.compile(r"_|0b|[-+]0[ox]|^(=|<<)$|^[-+]?\.[0-9]+[eE][0-9]|^[0-9]{4}-[0-9]")
"""What the aws CLI's library reads in another way than the core schema has it: binary numbers, dates and so on."""


@settings(max_examples=1000, deadline=None, derandomize=True)
@given(lookalikes)
@example("089")
@example("1e5")
def test_yaml_is_read_as_aws_does(word: str) -> None:
    assume(not BEYOND_THE_CORE_SCHEMA.search(word))
    text = f"HyperParameterTuningJobName: {word}"
    try:
        theirs = YAML(typ="safe", pure=True).load(text)
    except Exception:
        with pytest.raises(InputError, match="invalid YAML"):
            parameters_of({}, None, text)
        return
    ours = parameters_of({}, None, text)
    assert repr(ours) == repr(theirs)


@pytest.mark.parametrize(
    "word", ["=", "<<", "1_000", "0b11", "2026-11-24", "2026-02-30", "-0x1F", "12:30", "yes", "Off", "+0o7"]
)
def test_what_the_core_schema_does_not_have_is_text(word: str) -> None:
    assert parameters_of({}, None, f"HyperParameterTuningJobName: {word}") == {
        "HyperParameterTuningJobName": word
    }


@pytest.mark.parametrize("text", ["A: 1\nA: 2", "A: {B: 1, B: 1}"])
def test_a_member_that_stands_twice_is_refused(text: str) -> None:
    with pytest.raises(DuplicateKeyError):
        YAML(typ="safe", pure=True).load(text)
    with pytest.raises(InputError, match="is given twice"):
        parameters_of({}, None, text)


@thorough
@given(st.lists(values, min_size=1, max_size=3) | st.dictionaries(names, values, min_size=1))
def test_yaml_is_that_of_the_library_that_aws_uses(value: Any) -> None:
    yaml, theirs = YAML(typ="safe"), io.StringIO()
    yaml.representer.default_flow_style = False
    yaml.dump(value, theirs)
    assert written(value, "yaml") == theirs.getvalue()
    assert YAML(typ="safe").load(written(value, "yaml")) == value


def test_forms_of_their_own() -> None:
    assert written({"A": 1}, "off") == ""
    assert written({"A": "Off"}, "yaml-stream") == "- A: Off\n"
    moment = dt.datetime(2026, 11, 24, 1, 2, 3, tzinfo=dt.UTC)
    assert written({"T": moment}, "yaml") == "T: '2026-11-24T01:02:03+00:00'\n"
    assert "2026-11-24T01:02:03+00:00" in written({"T": moment}, "json")
