"""docs/coverage.md against the service: every member, created and described."""

from __future__ import annotations

from typing import TYPE_CHECKING

import botocore
import pytest

from docs.coverage.__main__ import PAGE
from docs.coverage.members import members, reference_paths
from docs.coverage.table import Words, render

if TYPE_CHECKING:
    from docs.coverage.round_trip import RoundTrip

pytestmark = pytest.mark.integration

NEVER_SET = {
    "BestTrainingJob.TuningJobName",
    "BestTrainingJob.FailureReason",
    "OverallBestTrainingJob.FailureReason",
    # Absent from every recorded response of AWS.
    "BestTrainingJob.FinalHyperParameterTuningJobObjectiveMetric.Type",
    "OverallBestTrainingJob.FinalHyperParameterTuningJobObjectiveMetric.Type",
}
"""What no description has, here or on AWS."""


def test_nothing_is_lost_or_changed_between_create_and_describe(trip: RoundTrip) -> None:
    assert trip.differences == []


def test_every_member_is_described_or_refused_in_words(trip: RoundTrip) -> None:
    for path, message in trip.refused.items():
        assert path.rpartition(".")[2].removesuffix("[]") in message
    rest = [
        member.path
        for member in members()
        if member.path not in trip.seen
        and not any(
            member.path == path or member.path.startswith((f"{path}.", f"{path}[]")) for path in trip.refused
        )
    ]
    assert set(rest) == NEVER_SET


def test_every_member_of_a_request_is_sent_or_refused(trip: RoundTrip) -> None:
    for member in members():
        if member.asked and member.path in trip.seen:
            assert member.path in trip.sent, member.path


def test_the_page_is_what_is_so(trip: RoundTrip) -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == render(trip, botocore.__version__), "stale: run `python -m docs.coverage`"
    assert "**missing**" not in page


def test_the_words_are_complete() -> None:
    assert list(Words.read().problems()) == []


def test_the_reference_document_is_in_the_table() -> None:
    assert len(reference_paths()) == 216
    assert set(reference_paths()) <= {member.path for member in members()}
