"""The client of HyperParameterTuningHook: its time limits."""

import json

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
