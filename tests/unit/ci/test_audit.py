"""An audit that could not know anything never looks like one that found nothing."""

import importlib.util
from pathlib import Path

import pytest

PATH = Path(__file__).parents[3] / ".ci" / "audit.py"


@pytest.fixture(scope="module")
def audit():
    spec = importlib.util.spec_from_file_location("audit", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def clean(name):
    return {"name": name, "version": "1", "vulns": []}


def skipped(name):
    return {"name": name, "skip_reason": "not found and could not be audited"}


def flawed(name):
    return {"name": name, "version": "1", "vulns": [{"id": "CVE-2026-1", "fix_versions": ["2"]}]}


@pytest.mark.parametrize(
    ("answers", "status", "words"),
    [
        ([[clean("a"), clean("b")]], 0, "2 packages audited: no known vulnerability"),
        ([[skipped("a"), clean("b")], [clean("a")]], 0, "2 packages audited"),
        ([], 2, "NOT AUDITED. Nothing was"),
        ([[], []], 2, "NOT AUDITED. Nothing was"),
        ([[], [skipped("a"), skipped("b")]], 2, "NOT AUDITED. Nothing was"),
        ([[skipped("a"), clean("b")]], 2, "NOT AUDITED. 1 of 2 packages were"),
        ([[flawed("a"), skipped("b")]], 1, "a 1: CVE-2026-1, fixed in 2"),
    ],
)
def test_verdicts(audit, answers, status, words):
    found, text = audit.verdict(answers)
    assert found == status
    assert words in text


def test_a_program_that_answers_nothing_is_not_a_clean_audit(audit):
    assert audit.ask("true", "osv") == []
