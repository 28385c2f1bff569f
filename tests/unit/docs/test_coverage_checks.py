"""The checks behind docs/coverage.md can fail."""

from __future__ import annotations

import pytest

from docs.coverage.members import members
from docs.coverage.requests import refused, taken
from docs.coverage.round_trip import RoundTrip, differences, paths
from docs.coverage.table import Words, render


def test_a_lost_and_a_changed_member_are_differences() -> None:
    asked = {"A": {"B": [{"C": 1}, {"C": 2}], "D": "x"}}
    assert list(differences(asked, asked)) == []
    assert list(differences(asked, {"A": {"B": [{"C": 1}, {"C": 2, "E": 0}], "D": "x"}, "F": 1})) == []
    assert list(differences(asked, {"A": {"B": [{"C": 1}, {}]}})) == ["A.B.1.C is lost", "A.D is lost"]
    assert list(differences(asked, {"A": {"B": [{"C": 1}], "D": "y"}})) == [
        "A.B was [{'C': 1}, {'C': 2}], is [{'C': 1}]",
        "A.D was 'x', is 'y'",
    ]


def test_a_member_without_words_is_a_problem() -> None:
    words = Words.read()
    assert list(words.problems()) == []
    service = {key: text for key, text in words.service.items() if key != "ShuffleConfig.Seed"}
    assert list(Words(words.rules, service).problems()) == [
        "members.toml says nothing about ShuffleConfig.Seed under [service]"
    ]
    rules = {**words.rules, "ShuffleConfig.Sead": ["space.nmes"]}
    assert list(Words(rules, words.service).problems()) == [
        "members.toml speaks of ShuffleConfig.Sead, which is no member",
        "the rule space.nmes is no rule",
    ]
    del rules["ShuffleConfig.Sead"], rules["HyperParameterTrainingJobDefinition.Environment"]
    assert list(Words(rules, words.service).problems()) == [
        "the rule training.environment is not named in members.toml"
    ]


def test_a_page_with_differences_is_not_written() -> None:
    with pytest.raises(ValueError, match="A is lost"):
        render(RoundTrip(differences=["A is lost"]), "1")


def test_the_requests_hold_every_member_that_a_request_can_have() -> None:
    held = {path for request in [*taken(), *refused().values()] for path in paths(request)}
    below = tuple(f"{path}." for path in refused()) + tuple(f"{path}[]" for path in refused())
    missing = [m.path for m in members() if m.asked and m.path not in held and not m.path.startswith(below)]
    assert missing == []
