"""One object in S3 has one name in OpenLineage, in whichever form its URI is written."""

from __future__ import annotations

import pytest

from airflow_hpt_provider.lineage.s3_names import dataset_name


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("s3://b/k/", ("s3://b", "k")),
        ("s3://b", ("s3://b", "/")),
        ("s3://b/a/k.csv", ("s3://b", "a/k.csv")),
        ("s3://b/a%20b?c", ("s3://b", "a%20b?c")),
    ],
)
def test_of_s3s_own_form(uri: str, name: tuple[str, str]) -> None:
    assert dataset_name(uri) == name


@pytest.mark.parametrize(
    "uri",
    [
        "https://my.data-1.s3.eu-west-1.amazonaws.com/rows/a%20b/",
        "https://my.data-1.s3.amazonaws.com/rows/a%20b",
        "https://my.data-1.s3-us-west-2.amazonaws.com/rows/a%20b",
        "https://my.data-1.s3.dualstack.eu-west-1.amazonaws.com/rows/a%20b",
        "https://my.data-1.s3-fips.us-gov-west-1.amazonaws.com/rows/a%20b",
        "https://my.data-1.s3-accelerate.amazonaws.com/rows/a%20b",
        "https://my.data-1.s3.cn-north-1.amazonaws.com.cn/rows/a%20b",
        "https://my.data-1.bucket.vpce-0a1b2c-d3.s3.us-east-1.vpce.amazonaws.com/rows/a%20b",
        "https://s3.eu-west-1.amazonaws.com/my.data-1/rows/a%20b/",
        "https://s3.amazonaws.com/my.data-1/rows/a%20b",
        "https://s3-us-west-2.amazonaws.com/my.data-1/rows/a%20b",
        "https://s3.dualstack.eu-west-1.amazonaws.com/my.data-1/rows/a%20b",
        "https://s3.cn-north-1.amazonaws.com.cn/my.data-1/rows/a%20b",
        "https://bucket.vpce-0a1b2c-d3.s3.us-east-1.vpce.amazonaws.com/my.data-1/rows/a%20b",
        "https://s3.eu-west-1.amazonaws.com:443/my.data-1/rows/a%20b?versionId=1",
    ],
)
def test_of_an_address_on_the_web(uri: str) -> None:
    assert dataset_name(uri) == ("s3://my.data-1", "rows/a b")


@pytest.mark.parametrize(
    "uri",
    ["https://b.s3.eu-west-1.amazonaws.com", "https://b.s3.amazonaws.com/", "https://s3.amazonaws.com/b/"],
)
def test_of_a_whole_bucket(uri: str) -> None:
    assert dataset_name(uri) == ("s3://b", "/")


def test_a_bucket_that_looks_like_s3s_host() -> None:
    assert dataset_name("https://s3.data.s3.eu-west-1.amazonaws.com/k") == ("s3://s3.data", "k")


def test_a_host_that_is_none_of_s3s_stays_what_it_is() -> None:
    assert dataset_name("https://data.example.com/rows/a/") == ("https://data.example.com", "rows/a")
