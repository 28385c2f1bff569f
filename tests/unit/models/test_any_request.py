"""Any valid request and any answer goes through unchanged; any single fault is refused by the field's name."""

import copy
import datetime as dt

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from airflow_hpt_provider.models import TuningJobDescription, TuningJobRequest, check_request, explain
from airflow_hpt_provider.models.printable import printable
from airflow_hpt_provider.models.rules import RULES
from tests.support.any_request import requests
from tests.support.invalid_requests import INVALID_REQUESTS
from tests.support.mutations import mutations
from tests.support.sagemaker_strategies import anything

# Without shrinking: on requests this large it takes minutes, and the message names the field anyway.
ANY = settings(
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)


@settings(ANY, max_examples=60)
@given(requests(alone=True))
def test_any_valid_request_goes_through_unchanged(request):
    given = copy.deepcopy(request)
    made = TuningJobRequest.model_validate(request)
    assert made.to_aws() == given
    assert request == given, "the input is left alone"
    assert check_request(request) == []
    again = TuningJobRequest.model_validate_json(made.model_dump_json(by_alias=True, exclude_none=True))
    assert again == made
    assert again.fingerprint() == made.fingerprint()


@settings(ANY, max_examples=60)
@given(anything("DescribeHyperParameterTuningJobResponse"))
def test_any_answer_goes_through_unchanged(answer):
    made = TuningJobDescription.model_validate(answer)
    assert made.to_aws() == answer
    as_json = made.model_dump_json(by_alias=True, exclude_none=True)
    assert TuningJobDescription.model_validate_json(as_json).to_aws() == _to_milliseconds(answer)


def _to_milliseconds(value):
    if isinstance(value, dict):
        return {name: _to_milliseconds(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_to_milliseconds(each) for each in value]
    return (
        value.replace(microsecond=value.microsecond // 1000 * 1000)
        if isinstance(value, dt.datetime)
        else value
    )


@settings(ANY, max_examples=120)
@given(st.data())
def test_any_single_fault_is_refused_by_name(data):
    mutation = data.draw(requests().flatmap(mutations))
    lines = lines_for(mutation.request, mutation.field)
    if mutation.why == "missing":
        assert f"{mutation.field}: is required; add it" in [each.partition(" (")[0] for each in lines]
    elif mutation.why == "unknown":
        assert any("Unknown member 'Zzz'" in line for line in lines)
    for line in lines:
        # What to write, or what to do: "must be one of A, B, not 'C'", "must be at least 1, not 0; raise it".
        assert "must be" in line or "; " in line, f"no remedy: {line}"


@pytest.mark.parametrize("breaker", INVALID_REQUESTS.values(), ids=list(INVALID_REQUESTS))
def test_any_request_that_breaks_a_rule_is_refused_by_name(breaker):
    @settings(ANY, max_examples=4)
    @given(requests(several=breaker.several, strategy=breaker.strategy))
    def refused(request):
        field = breaker.change(request)
        lines = lines_for(request, field)
        assert all("; " in line for line in lines), f"no remedy: {lines}"
        problems = [problem for problem in check_request(request) if problem.field == printable(field)]
        assert problems
        for problem in problems:
            assert problem.remedy
            assert problem.value is None or "(given: " in problem.text

    refused()


def lines_for(request, field):
    """The lines of the refusal that are about a field. There is at least one."""
    with pytest.raises(ValidationError) as caught:
        TuningJobRequest.model_validate(request)
    lines = explain(caught.value).splitlines()
    found = [line for line in lines if line.startswith(f"{printable(field)}: ")]
    assert found, f"{field} is not named in:\n" + "\n".join(lines)
    return found


def test_every_rule_has_a_breaker():
    assert {breaker.rule for breaker in INVALID_REQUESTS.values()} == {rule.__name__ for rule in RULES}
