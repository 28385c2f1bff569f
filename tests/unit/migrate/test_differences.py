"""The tables of differences, docs/migrate.md, the amazon provider's signatures and ours agree."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import botocore.session
import pytest
from airflow.providers.amazon.aws.operators.base_aws import AwsBaseOperator
from airflow.providers.amazon.aws.operators.sagemaker import SageMakerTuningOperator
from airflow.providers.amazon.aws.sensors.base_aws import AwsBaseSensor
from airflow.providers.amazon.aws.sensors.sagemaker import SageMakerBaseSensor, SageMakerTuningSensor
from airflow.providers.amazon.aws.triggers.sagemaker import SageMakerTrigger

from airflow_hpt_provider.migrate.differences import CLASSES, OPERATOR, SENSOR, TRIGGER, XCOM
from airflow_hpt_provider.models import TuningResult
from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator
from airflow_hpt_provider.sensors.tuning import HyperParameterTuningJobSensor
from airflow_hpt_provider.triggers.tuning import HyperParameterTuningJobTrigger

PAGE = (Path(__file__).parents[3] / "docs" / "migrate.md").read_text()


def parameters(*classes):
    """The names that a class and its bases take themselves; what every operator takes is left out."""
    names = set()
    for one in classes:
        names |= {
            name
            for name, parameter in inspect.signature(one.__dict__["__init__"]).parameters.items()
            if name != "self" and parameter.kind is not parameter.VAR_KEYWORD
        }
    return names


def own_parameters(our_class):
    """The names that one of our classes and those of its bases that are ours take."""
    ours = (each for each in our_class.__mro__ if each.__module__.startswith("airflow_hpt_provider."))
    return parameters(*(each for each in ours if "__init__" in vars(each)))


def section(heading):
    """The rows of the table under a heading, as cells without back-ticks."""
    text = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\|(.*)\|$", text, re.MULTILINE)[2:]  # without the heading and the line below it
    return [[cell.strip().strip("`") for cell in row.split("|")] for row in rows]


@pytest.mark.parametrize(
    ("ours", "their_classes", "our_class"),
    [
        (OPERATOR, (SageMakerTuningOperator, AwsBaseOperator), HyperParameterTuningJobOperator),
        (
            SENSOR,
            (SageMakerTuningSensor, SageMakerBaseSensor, AwsBaseSensor),
            HyperParameterTuningJobSensor,
        ),
        (TRIGGER, (SageMakerTrigger,), HyperParameterTuningJobTrigger),
    ],
    ids=["operator", "sensor", "trigger"],
)
def test_every_amazon_parameter_is_in_the_table_and_leads_to_one_of_this_provider(
    ours, their_classes, our_class
):
    assert set(ours.parameters) == parameters(*their_classes)
    accepted = own_parameters(our_class)
    assert {known.ours for known in ours.parameters.values() if known.ours} <= accepted


@pytest.mark.parametrize(
    ("heading", "ours"), [("Parameters of the operator", OPERATOR), ("Parameters of the sensor", SENSOR)]
)
def test_the_page_has_the_tables(heading, ours):
    rows = {row[0]: row[1:] for row in section(heading)}
    assert set(rows) == set(ours.parameters)
    for name, known in ours.parameters.items():
        assert rows[name][0] == (known.ours or "none")
        if known.why:
            assert known.why.replace("`", "") == rows[name][1].replace("`", "")


@pytest.mark.parametrize(
    ("heading", "ours", "our_class"),
    [
        ("Parameters of the operator", OPERATOR, HyperParameterTuningJobOperator),
        ("Parameters of the sensor", SENSOR, HyperParameterTuningJobSensor),
    ],
)
def test_the_page_has_what_is_only_here(heading, ours, our_class):
    text = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    reported = set(re.findall(r"`(\w+)`", text.partition("New here:")[2]))
    accepted = own_parameters(our_class)
    assert reported == accepted - {known.ours for known in ours.parameters.values()}


def test_every_member_of_their_result_is_in_the_table_and_on_the_page():
    answer = botocore.session.get_session().get_service_model("sagemaker")
    shape = answer.operation_model("DescribeHyperParameterTuningJob").output_shape
    assert set(XCOM) == {*shape.members, "ResponseMetadata"}
    assert {row[0]: row[1] for row in section("XCom")} == {
        theirs: ours.strip("`") for theirs, ours in XCOM.items()
    }
    members = {ours[2:-2] for ours in XCOM.values() if ours.startswith("[")}
    assert members <= set(TuningResult.model_fields)


def test_the_page_names_the_classes():
    for theirs, ours in CLASSES.items():
        assert theirs in PAGE
        assert f"`{ours.module}.{ours.name}`" in PAGE
