"""Files of faults: what is read, and how mistakes are reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airflow_hpt_provider.local import fault_injection
from airflow_hpt_provider.local.fault_injection.file import load
from airflow_hpt_provider.local.fault_injection.rules import FaultKind

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "fault_injection.toml"


def test_the_documented_file_is_one(file: Path) -> None:
    example = (fault_injection.__doc__ or "").split("The file is TOML::")[1].split("\nKinds of")[0]
    file.write_text(example)
    read = load(file)
    assert [fault.kind for fault in read.fault] == [FaultKind.THROTTLE, FaultKind.TRUNCATE, FaultKind.SLOW]
    assert (read.fault[2].after, read.fault[2].first, read.fault[2].seconds) == (3, 10, 90)
    assert read.training_job[0].numbers == (2, 5)
    assert [trial.internal for trial in read.training_job] == [False, True]
    reason = "InternalServerError: We encountered an internal error. Please try again."
    assert read.failure_of("forecast-7", ended=3) == reason
    assert (read.failure_of("forecast-7", ended=2), read.failure_of("forecast-7-2", ended=3)) == (None, None)


def test_the_help_shows_a_file_that_is_one(file: Path) -> None:
    from airflow_hpt_provider.cli.local import _EPILOG

    example = _EPILOG.split("in TOML):")[1]
    file.write_text(example)
    assert (len(load(file).fault), len(load(file).training_job)) == (1, 1)


def test_all_kinds_are_documented() -> None:
    from airflow_hpt_provider.cli.local import _EPILOG

    for kind in FaultKind:
        assert f"``{kind}``" in (fault_injection.__doc__ or "")
        assert kind in _EPILOG


def test_an_empty_file_has_no_faults(file: Path) -> None:
    file.write_text("")
    assert (load(file).fault, load(file).training_job) == ((), ())


FAULT = '[[fault]]\noperation = "Describe*"\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[fault]", "not valid TOML"),
        ("[[faults]]", "unknown 'faults': only [[fault]], [[training_job]] and [[tuning_job]] tables belong here"),
        ("[fault]\nkind = 'slow'", "write [[fault]], with double brackets"),
        (FAULT, "fault 1: kind: is missing"),
        (FAULT + 'kind = "trottle"', "fault 1: kind: should be 'throttle', 'too_many_requests'"),
        (FAULT + 'kind = "reset"\nrate = 1.5', "fault 1: rate: should be less than or equal to 1 (given: 1.5)"),
        (FAULT + 'kind = "reset"\nrate = nan', "fault 1: rate: should be"),
        (FAULT + 'kind = "reset"\nrate = "0.5"', "fault 1: rate: should be a valid number (given: '0.5')"),
        (FAULT + 'kind = "reset"\nrat = 0.5', "fault 1: unknown field 'rat'; use after, first, kind, operation"),
        (FAULT + 'kind = "reset"\ntimes = 0', "fault 1: times: should be greater than or equal to 1 (given: 0)"),
        (FAULT + 'kind = "reset"\nfirst = 3\nafter = 3', "fault 1: first: no call is left between"),
        (FAULT + 'kind = "slow"', "fault 1: seconds: is missing"),
        (FAULT + 'kind = "reset"\nseconds = 3.0', "fault 1: seconds: is for slow and drip only, not for 'reset'"),
        (
            '[[fault]]\nkind = "reset"\noperation = "DescribeHyperparameterTuningJob"',
            "fault 1: operation: no operation of SageMaker matches 'DescribeHyperparameterTuningJob'; did you mean "
            "'DescribeHyperParameterTuningJob'?",
        ),
        ("[[training_job]]\nrate = 0.5", "training_job 1: reason: is missing"),
        ('[[training_job]]\nreason = ""', "training_job 1: reason: "),
        (
            '[[training_job]]\nreason = "x"\nnumbers = [0]',
            "training_job 1: numbers.0: should be greater than or equal to 1",
        ),
        ('[[training_job]]\nreason = "x"\nnumbers = []', "training_job 1: numbers: "),
    ],
)  # fmt: skip
def test_a_mistake_names_table_field_and_remedy(file: Path, text: str, message: str) -> None:
    file.write_text(text)
    with pytest.raises(ValueError) as error:
        load(file)
    assert str(error.value).startswith(str(file))
    assert message in str(error.value)


def test_all_mistakes_come_together(file: Path) -> None:
    file.write_text(FAULT + 'kind = "reset"\nrate = 2.0\ntimes = 0\n[[training_job]]\n')
    with pytest.raises(ValueError) as error:
        load(file)
    assert len(str(error.value).splitlines()) == 3
