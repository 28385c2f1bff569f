"""Where the buttons on a task lead."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from airflow_hpt_provider.links import console
from airflow_hpt_provider.links.page_urls import page_url
from airflow_hpt_provider.links.tuning import LINKS, link_urls, note_links
from airflow_hpt_provider.provider_info import get_provider_info

TI = SimpleNamespace(
    dag_id="my dag", run_id="manual__2026-11-24T01:02:03+00:00", task_id="group.tune", map_index=3
)
PAGE = "/dags/my%20dag/runs/manual__2026-11-24T01%3A02%3A03%2B00%3A00/tasks/group.tune/mapped/3/plugin/tuning"


@pytest.mark.parametrize(
    ("partition", "region", "host"),
    [
        ("aws", "us-east-1", "us-east-1.console.aws.amazon.com"),
        ("aws-cn", "cn-north-1", "cn-north-1.console.amazonaws.cn"),
        ("aws-us-gov", "us-gov-west-1", "us-gov-west-1.console.amazonaws-us-gov.com"),
        ("aws-iso", "us-iso-east-1", "us-iso-east-1.console.c2s.ic.gov"),
        ("aws-iso-b", "us-isob-east-1", "us-isob-east-1.console.sc2s.sgov.gov"),
        ("aws-iso-e", "eu-isoe-west-1", "eu-isoe-west-1.console.cloud.adc-e.uk"),
        ("aws-iso-f", "us-isof-south-1", "us-isof-south-1.console.csp.hci.ic.gov"),
        ("aws-eusc", "eusc-de-east-1", "eusc-de-east-1.console.amazonaws-eusc.eu"),
    ],
)
def test_console_pages_in_every_partition(partition: str, region: str, host: str) -> None:
    arn = f"arn:{partition}:sagemaker:{region}:123456789012:hyper-parameter-tuning-job/tune-1"
    urls = link_urls(TI, f"https://api.sagemaker.{region}.amazonaws.com", arn, "tune-1-004")
    assert urls == {
        "_link_TuningPageLink": PAGE,
        "_link_TuningJobLink": f"https://{host}/sagemaker/home?region={region}#/hyper-tuning-jobs/tune-1",
        "_link_BestTrainingJobLink": f"https://{host}/sagemaker/home?region={region}#/jobs/tune-1-004",
        "_link_BestTrainingJobLogsLink": f"https://{host}/cloudwatch/home?region={region}"
        "#logStream:group=/aws/sagemaker/TrainingJobs;prefix=tune-1-004;streamFilter=typeLogStreamPrefix",
    }


def test_every_partition_that_botocore_knows_has_a_console() -> None:
    for partition in console._partitions():
        arn = f"arn:{partition}:sagemaker:r-1:123456789012:hyper-parameter-tuning-job/n"
        assert console.tuning_job_url(arn).startswith("https://r-1.console.")


@pytest.mark.parametrize(
    ("endpoint", "known"),
    [
        ("https://api.sagemaker.eu-west-1.amazonaws.com", True),
        ("https://vpce-0a1b.api.sagemaker.us-east-1.vpce.amazonaws.com", True),
        ("https://api.sagemaker.cn-north-1.amazonaws.com.cn", True),
        ("http://127.0.0.1:43595", False),
        ("https://amazonaws.com.example.org", False),
        ("https://notamazonaws.com", False),
    ],
)
def test_jobs_elsewhere_are_not_in_the_console(endpoint: str, known: bool) -> None:
    arn = "arn:aws:sagemaker:us-east-1:123456789012:hyper-parameter-tuning-job/tune-1"
    assert ("_link_TuningJobLink" in link_urls(TI, endpoint, arn)) is known
    assert "_link_TuningPageLink" in link_urls(TI, endpoint, arn)


def test_the_page_is_below_airflows_base_url(monkeypatch: pytest.MonkeyPatch) -> None:
    assert page_url("d", "r", "t") == "/dags/d/runs/r/tasks/t/plugin/tuning"
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example.org/team/")
    assert page_url("d", "r", "t") == "https://airflow.example.org/team/dags/d/runs/r/tasks/t/plugin/tuning"


def test_a_leg_leaves_all_its_links_to_airflow() -> None:
    client = SimpleNamespace(
        meta=SimpleNamespace(endpoint_url="https://api.sagemaker.eu-west-1.amazonaws.com")
    )
    operator = SimpleNamespace(hook=SimpleNamespace(conn=client))
    arn = "arn:aws:sagemaker:eu-west-1:123456789012:hyper-parameter-tuning-job/tune-1"
    noted = note_links(operator, {"ti": TI}, arn)
    noted |= note_links(operator, {"ti": TI}, arn, "tune-1-004")
    assert {link.xcom_key: link.get_link(operator, ti_key=TI) for link in LINKS} == noted
    assert all(noted.values())


def test_a_leg_that_fails_early_keeps_the_links_in_xcom() -> None:
    kept = {"_link_TuningPageLink": PAGE}

    def xcom_pull(task_ids: str, key: str, map_indexes: int | None = None) -> Any:
        assert task_ids == TI.task_id
        if map_indexes is None:  # of all
            return [kept[key]] if key in kept else None
        return kept[key] if map_indexes == TI.map_index else None

    ti = SimpleNamespace(**vars(TI), xcom_pull=xcom_pull)
    assert [link.get_link(SimpleNamespace(), ti_key=ti) for link in LINKS] == [PAGE, "", "", ""]


def test_airflow_knows_every_link() -> None:
    known = {name.rsplit(".", 1)[1] for name in get_provider_info()["extra-links"]}
    assert {type(link).__name__ for link in LINKS} <= known
