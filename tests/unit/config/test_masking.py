"""What is taken for a secret, and what is not."""

import json

import pytest

from airflow_hpt_provider.config.masking import mask_secrets
from airflow_hpt_provider.models.secret_names import looks_secret
from airflow_hpt_provider.models.secret_values import secrets_of

NAMES = ["api_key", "API_KEY", "apiKey", "dbpassword", "clientSecret", "hf_token", "HFToken"]  # fmt: skip
NAMES += ["DB_PASSWORD", "aws_credentials", "key", "PWD", "SLACK_WEBHOOK_URL", "SENTRY_DSN", "authorization"]
PLAIN = ["tokenizer", "tokenizer_name", "max_tokens", "monkey", "keypoints", "secretary"]  # fmt: skip
PLAIN += ["epochs", "keyboard", "author", ""]


@pytest.mark.parametrize("name", NAMES)
def test_names_of_secrets(name):
    assert looks_secret(name)


@pytest.mark.parametrize("name", PLAIN)
def test_names_of_other_things(name):
    assert not looks_secret(name)


def config(values, holder="StaticHyperParameters"):
    return {"TrainingJobDefinition": {holder: values}, "Tags": [{"Key": "a-tag", "Value": "a-value"}]}


@pytest.mark.parametrize(
    "given",
    [
        config({"api_key": "hunter2"}),
        config({"api_key": "hunter2"}, "Environment"),
        config(json.dumps({"api_key": "hunter2"})),
        json.dumps(config({"api_key": "hunter2"})),
        {"training_job_definitions": [{"static_hyper_parameters": {"api_key": "hunter2", "a": "b"}}]},
    ],
)
def test_found_in_every_form(given):
    assert list(secrets_of(given)) == ["hunter2"]


@pytest.mark.parametrize("value", ["4096", "0.1", "true", "false", "abc", "", None, 5, ["hunter2"]])
def test_values_that_would_blank_the_log(value):
    assert list(secrets_of(config({"api_key": value}))) == []


@pytest.mark.parametrize("odd", [None, 5, "x", "{", [], [None], {"Environment": 5}, {5: {"Environment": []}}])
def test_odd_configs(odd):
    assert list(secrets_of(odd)) == []


@pytest.mark.parametrize(
    ("value", "is_rendered", "is_masked"),
    [("a{{b-hunter2", True, True), ("{{ params.key }}", False, False), ("hunter2", False, True)],
)
def test_a_secret_that_looks_like_a_template_is_masked_once_it_is_rendered(
    monkeypatch, value, is_rendered, is_masked
):
    masked = []
    monkeypatch.setattr("airflow_hpt_provider.compat.mask_secret", masked.append)
    mask_secrets(config({"api_key": value}), is_rendered=is_rendered)
    assert masked == ([value] if is_masked else [])


def test_names_that_airflows_configuration_adds(monkeypatch):
    """[core] sensitive_var_conn_names: parts of names, as Airflow compares them."""
    masked = []
    monkeypatch.setattr("airflow_hpt_provider.compat.mask_secret", masked.append)
    values = {"team_pin": "hunter2-of-a-team", "colour": "ultramarine"}
    mask_secrets(config(values))
    assert masked == []
    monkeypatch.setenv("AIRFLOW__CORE__SENSITIVE_VAR_CONN_NAMES", "PIN, passport")
    mask_secrets(config(values))
    assert masked == ["hunter2-of-a-team"]
