"""The poller's cut-down model of SageMaker's API says nothing that botocore's own does not say."""

import botocore.session
import pytest

from airflow_hpt_provider.hooks.polling import API
from airflow_hpt_provider.hooks.settings import ConnectionSettings

FULL = (
    botocore.session.get_session().get_component("data_loader").load_service_model("sagemaker", "service-2")
)


def test_the_protocol_is_the_same():
    assert API["version"] == FULL["version"]
    assert API["metadata"] == FULL["metadata"]


@pytest.mark.parametrize("name", API["operations"])
def test_operations_are_a_part_of_botocores(name):
    ours, full = API["operations"][name], FULL["operations"][name]
    assert {key: full.get(key, []) for key in ours} == ours
    request = [
        model["shapes"][op["input"]["shape"]].get("required", []) for model, op in ((API, ours), (FULL, full))
    ]
    assert request[0] == request[1]
    for part in ("input", "output"):
        compare(ours[part]["shape"], full[part]["shape"])


def compare(ours, full):
    """Walk both models from a shape on; only names of scalar shapes may differ."""
    mine, theirs = API["shapes"][ours], FULL["shapes"][full]
    assert mine["type"] == theirs["type"], ours
    for name, member in mine.get("members", {}).items():
        assert "location" not in theirs["members"][name]
        compare(member["shape"], theirs["members"][name]["shape"])
    if "member" in mine:
        compare(mine["member"]["shape"], theirs["member"]["shape"])


def test_errors_are_the_same_too():
    assert API["shapes"]["ResourceNotFound"]["exception"]
    assert FULL["shapes"]["ResourceNotFound"]["exception"]


def test_the_client_has_the_connections_settings_and_leaves_retries_to_the_poller(monkeypatch):
    from airflow_hpt_provider.hooks.polling import PollingHook

    monkeypatch.setenv(
        "AIRFLOW_CONN_POLLING",
        '{"conn_type": "aws", "login": "key", "password": "secret", "extra": {"region_name": "eu-west-1",'
        ' "config_kwargs": {"read_timeout": 7, "retries": {"mode": "adaptive", "max_attempts": 9}}}}',
    )
    client = PollingHook(ConnectionSettings("polling")).conn
    assert client.meta.region_name == "eu-west-1"
    assert client.meta.endpoint_url == "https://api.sagemaker.eu-west-1.amazonaws.com"
    assert client.meta.config.retries["total_max_attempts"] == 1
    assert (client.meta.config.connect_timeout, client.meta.config.read_timeout) == (10, 7)
    own = PollingHook(ConnectionSettings("polling", botocore_config={"read_timeout": 3})).conn
    assert own.meta.config.read_timeout == 3
