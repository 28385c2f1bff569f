"""Text for terminals and logs."""

from __future__ import annotations

import json
import logging
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_hpt_provider.cli.printable_log import PrintableFormatter
from airflow_hpt_provider.exceptions import TuningJobFailedError
from airflow_hpt_provider.models.failure_groups import headline
from airflow_hpt_provider.models.printable import printable, printable_json


@given(st.text(st.characters()))
def test_nothing_that_cannot_be_seen_is_left(text: str) -> None:
    assert printable(text).isprintable()
    kept = printable(text, keep="\n")
    assert kept.count("\n") == text.count("\n")
    assert all(unicodedata.category(each) not in {"Cc", "Cf", "Zl", "Zp"} or each == "\n" for each in kept)


@given(st.recursive(st.text() | st.none(), lambda inner: st.dictionaries(st.text(), inner, max_size=3)))
def test_json_keeps_its_content(value: object) -> None:
    text = json.dumps(value, indent=4, ensure_ascii=False)
    shown = printable_json(text)
    assert json.loads(shown) == value
    assert all(line.isprintable() for line in shown.split("\n"))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("été 日本 😀", "été 日本 😀"),
        ("a\x1b[2J\x9b1m\x07\r\n", "a\\x1b[2J\\x9b1m\\x07\\r\\n"),
        ("\u202egnp.exe\u2028\ufeff\x7f", "\\u202egnp.exe\\u2028\\ufeff\\x7f"),
    ],
)
def test_examples(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_errors_and_headlines() -> None:
    assert str(TuningJobFailedError("line\n  \x1b[2Jtwo\r")) == "line\n  \\x1b[2Jtwo\\r"
    assert headline("AlgorithmError: \x1b[31mno\x07 label\n") == "AlgorithmError: \\x1b[31mno\\x07 label"


def test_a_record_of_the_services_log_is_one_line_except_for_its_traceback() -> None:
    try:
        raise ValueError("bad\x1b[2J\nvalue")
    except ValueError:
        trace = sys.exc_info()
    record = logging.LogRecord(
        "n", logging.ERROR, "p", 1, "job %s failed", ("a\nERROR forged\x1b[1A",), trace
    )
    first, *rest = PrintableFormatter("%(levelname)s: %(message)s").format(record).split("\n")
    assert first == "ERROR: job a\\nERROR forged\\x1b[1A failed"
    assert rest[0] == "Traceback (most recent call last):"
    assert all(line.isprintable() for line in rest)
