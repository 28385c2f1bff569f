"""A connection is edited, deleted, or its secret rotated while tasks wait for jobs of it."""

from __future__ import annotations

import json
import secrets
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.cluster.api import persistently
from tests.cluster.runs import Account, Run
from tests.cluster.scenario import wait_until_over, wait_until_waiting
from tests.cluster.table import Record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_hpt_provider.demo.service import LocalService
    from tests.cluster.stack import Stack

pytestmark = [pytest.mark.cluster, pytest.mark.heavy, pytest.mark.timeout(1200)]

MODES = ("sync", "deferrable")
AWAY_SECONDS = 30.0
"""The connection is missing, or its credentials are refused, for this long."""


def connection_to(service: LocalService) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(service.airflow_connection)
    return found


def finish(what: str, account: Account, runs: Sequence[Run]) -> list[Record]:
    """Wait for all runs, and balance the books of one account."""
    entries, outcomes, wrong = account.close(runs)
    assert not wrong, "\n".join(wrong)
    return [
        Record(what, run.dag_id, outcome, len(entry.tries), len(entry.jobs))
        for run, entry, outcome in zip(runs, entries, outcomes, strict=True)
    ]


def test_edited_to_another_account(
    stack: Stack, service: LocalService, other_service: LocalService, records: list[Record]
) -> None:
    """A wait keeps the account of its beginning; one that begins after the edit uses the new account.

    The connection leads back to the old account before a deferred task resumes: its worker reads it again.
    """
    old, new = Account(stack.api, service), Account(stack.api, other_service)
    stack.api.put_connection("edited", connection_to(service))
    before = [Run.start(stack.api, f"{mode}_edited") for mode in MODES]
    wait_until_waiting(before, stack.api, service)
    stack.api.put_connection("edited", connection_to(other_service))
    after = [Run.start(stack.api, "sync_edited")]
    wait_until_waiting(after, stack.api, other_service)
    stack.api.put_connection("edited", connection_to(service))
    wait_until_over([*before, *after], stack.api)
    records.extend(finish("connection edited: waits that begin later", new, after))
    records.extend(finish("connection edited: waits that began before", old, before))


def test_deleted_and_created_again(stack: Stack, service: LocalService, records: list[Record]) -> None:
    account = Account(stack.api, service)
    stack.api.put_connection("deleted", connection_to(service))
    runs = [Run.start(stack.api, f"{mode}_deleted") for mode in MODES]
    wait_until_waiting(runs, stack.api, service)
    stack.api.delete_connection("deleted")
    time.sleep(AWAY_SECONDS)  # nothing is to happen in this time
    stack.api.put_connection("deleted", connection_to(service))
    wait_until_over(runs, stack.api)
    records.extend(finish("connection deleted for 30 s", account, runs))


def test_secret_rotated(stack: Stack, other_service: LocalService, records: list[Record]) -> None:
    """First at the service, which refuses the old secret from then on; half a minute later in Airflow."""
    account = Account(stack.api, other_service)
    stack.api.put_connection("rotated", connection_to(other_service))
    runs = [Run.start(stack.api, f"{mode}_rotated") for mode in MODES]
    wait_until_waiting(runs, stack.api, other_service)
    other_service.kill()
    file = other_service.env_file
    old = other_service.environment["AWS_SECRET_ACCESS_KEY"]
    file.write_text(file.read_text().replace(old, secrets.token_hex(20)))
    other_service.start()
    assert other_service.environment["AWS_SECRET_ACCESS_KEY"] != old
    time.sleep(AWAY_SECONDS)
    persistently(lambda: stack.api.put_connection("rotated", connection_to(other_service)))
    wait_until_over(runs, stack.api)
    records.extend(finish("secret rotated, 30 s later in Airflow", account, runs))
