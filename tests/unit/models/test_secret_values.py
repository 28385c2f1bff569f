"""Which values of a request are secrets, in which forms texts hold them, and texts without them."""

from __future__ import annotations

import json

import pytest
from jinja2.utils import htmlsafe_json_dumps

from airflow_hpt_provider.models.secret_values import (
    secrets_of,
    url_secrets,
    without_secrets,
    without_url_passwords,
    written_forms,
)


@pytest.mark.parametrize(
    ("environment", "secrets"),
    [
        ({"DATABASE_URL": "postgresql://trainer:hunter2@db/features"}, ["hunter2"]),
        ({"FEED": "https://0123456789abcdefghij@feeds.internal/team"}, ["0123456789abcdefghij"]),
        ({"PROXY": "http://u:p%40ss%2Fword@proxy:3128"}, ["p%40ss%2Fword", "p@ss/word"]),
        ({"api_key": '"hunter2"'}, ['"hunter2"', "hunter2"]),
        ({"settings": '{"db": {"password": "hunter2"}, "colour": "ultramarine"}'}, ["hunter2"]),
        ({"settings": '[{"token": "hunter2"}]'}, ["hunter2"]),
        ({"api_key": '{"value": "x"}'}, ['{"value": "x"}']),
        ({"URL": "https://user@host/path", "S3": "s3://bucket/a@b", "WHO": "me:you@example.com"}, []),
        ({"URL": "https://u:1234@host"}, []),
        ({"DSN": "postgresql://u:hunter2@db/x"}, ["postgresql://u:hunter2@db/x", "hunter2"]),
        ({"password": "      ", "token": "     a"}, []),
        ({"colour": '"ultramarine"', "text": "[not json"}, []),
    ],
)
def test_what_is_secret(environment, secrets):
    assert list(secrets_of({"TrainingJobDefinition": {"Environment": environment}})) == secrets


def test_names_that_are_added():
    config = {"Environment": {"team_pin": "hunter2"}}
    assert list(secrets_of(config, ["PIN"])) == ["hunter2"]
    assert list(secrets_of(config)) == []


def test_passwords_of_urls_however_nested():
    proxies = {"proxies": {"http": "http://u:hunter2@a", "https": ["http://u:hunter3@b"]}, "retries": 3}
    assert list(url_secrets(proxies)) == ["hunter2", "hunter3"]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps,
        lambda s: json.dumps(s, ensure_ascii=False),
        htmlsafe_json_dumps,
        repr,
        lambda s: " ".join(s.split()),
    ],
)
def test_forms_of_a_secret(text):
    secret = "a\"b\\c<d>&'é\n  hunter2 of prod"
    assert "hunter2" not in without_secrets(f"x {text(secret)} y", [secret])


def test_each_long_line_of_a_secret():
    secret = "-----BEGIN KEY-----\nhunter2hunter2hunter2\n}\n"
    assert without_secrets("read hunter2hunter2hunter2 }", [secret]) == "read *** }"


@pytest.mark.parametrize("secret", ["      ", "     a", "a\n\n\n\n\nb"])
def test_no_form_is_so_short_that_it_is_in_every_text(secret):
    assert without_secrets("a banana b", [secret]) == "a banana b"


def test_the_longest_secret_is_hidden_first():
    assert without_secrets("hunter2-and-more", ["hunter2", "hunter2-and-more"]) == "***"
    assert without_secrets("hunter2", []) == "hunter2"
    assert len(written_forms("hunter2")) == 1


def test_text_without_passwords_of_urls_is_linear():
    """No text makes the search take long."""
    for text in ("://" * 300_000, "://u:" * 200_000, "://" + "a" * 1_000_000, "://" + "a:" * 500_000):
        assert without_url_passwords(text + "@x").endswith("@x")
