"""The client of HyperParameterTuningHook: its time limits and its user agent."""

import json

import pytest

from airflow_hpt_provider.hooks.settings import ConnectionSettings


def test_a_hanging_call_ends_before_botocores_minute_unless_set_otherwise(monkeypatch):
    extra = {"region_name": "us-east-1", "config_kwargs": {"read_timeout": 7}}
    monkeypatch.setenv("AIRFLOW_CONN_PLAIN", json.dumps({"conn_type": "aws", "login": "a", "password": "b"}))
    monkeypatch.setenv(
        "AIRFLOW_CONN_TIMED", json.dumps({"conn_type": "aws", "login": "a", "password": "b", "extra": extra})
    )

    def limits(settings: ConnectionSettings) -> tuple[float, float]:
        config = settings.hook().conn.meta.config
        return config.connect_timeout, config.read_timeout

    assert ConnectionSettings("plain", "us-east-1").hook().is_aws
    assert ConnectionSettings("plain", "eusc-de-east-1").hook().is_aws, "a partition with a domain of its own"
    assert limits(ConnectionSettings("plain", "us-east-1")) == (10, 30)
    assert limits(ConnectionSettings("timed")) == (10, 7)
    assert limits(ConnectionSettings("timed", botocore_config={"read_timeout": 3})) == (10, 3)


def test_the_user_agent_is_made_without_reading_the_stack(monkeypatch):
    """``inspect.stack`` reads the source of every frame: it would take longer than most calls."""
    monkeypatch.setattr("inspect.stack", lambda *_: pytest.fail("the stack was read"))
    monkeypatch.setenv("AIRFLOW_CONN_PLAIN", json.dumps({"conn_type": "aws", "login": "a", "password": "b"}))
    client = ConnectionSettings("plain", "us-east-1").hook().conn
    assert "Caller/airflow-hpt-provider" in client.meta.config.user_agent_extra
