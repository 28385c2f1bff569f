"""A connection is edited, deleted, or its secret rotated while tasks wait for jobs of it."""

from __future__ import annotations

import itertools
import json
import secrets
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.cluster.api import persistently
from tests.cluster.runs import Account, Run
from tests.cluster.scenario import wait_until_over, wait_until_polled, wait_until_waiting
from tests.cluster.table import Record

if TYPE_CHECKING:
    from airflow_hpt_provider.demo.service import LocalService
    from tests.cluster.stack import Stack

pytestmark = [pytest.mark.cluster, pytest.mark.heavy, pytest.mark.timeout(1200)]

MODES = ("sync", "deferrable")
AWAY_SECONDS = 30.0
"""The connection is missing, or its credentials are refused, for this long."""


def connection_to(service: LocalService) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(service.airflow_connection)
    return found


def rotate_secret(service: LocalService) -> None:
    """Give the service another secret; it refuses the old one from then on."""
    service.kill()
    file = service.env_file
    old = service.environment["AWS_SECRET_ACCESS_KEY"]
    file.write_text(file.read_text().replace(old, secrets.token_hex(20)))
    service.start()
    assert service.environment["AWS_SECRET_ACCESS_KEY"] != old


def test_edited_deleted_and_rotated(
    stack: Stack,
    service: LocalService,
    other_service: LocalService,
    third_service: LocalService,
    records: list[Record],
) -> None:
    """All at the same time, since each is a wait of minutes.

    *Edited*: to another account. A wait keeps the account of its beginning; one that begins after the edit uses the new
    account. The connection leads back to the old account before a deferred task resumes: its worker reads it again.
    *Deleted*, and created again after half a minute. *Rotated*: first at the service, which refuses the old secret from
    then on; half a minute later in Airflow.
    """
    homes = {"edited": service, "deleted": service, "rotated": third_service}
    old, new, third = (Account(stack.api, each) for each in (service, other_service, third_service))
    for name, home in homes.items():
        stack.api.put_connection(name, connection_to(home))
    edited, deleted, rotated = waits = [
        [Run.start(stack.api, f"{mode}_{name}") for mode in MODES] for name in homes
    ]
    for runs, home in zip(waits, homes.values(), strict=True):
        wait_until_waiting(runs, stack.api, home)
        wait_until_polled(runs, stack.api)

    rotate_secret(third_service)
    stack.api.delete_connection("deleted")
    stack.api.put_connection("edited", connection_to(other_service))
    begun_later = [Run.start(stack.api, "sync_edited")]
    changed = time.monotonic()
    wait_until_waiting(begun_later, stack.api, other_service)
    time.sleep(max(0.0, changed + AWAY_SECONDS - time.monotonic()))  # nothing is to happen in this time
    for name, home in homes.items():
        persistently(lambda name=name, home=home: stack.api.put_connection(name, connection_to(home)))
    wait_until_over([*edited, *deleted, *rotated, *begun_later], stack.api)

    seconds = f"{AWAY_SECONDS:g} s"
    found, wrong = [], []
    for account, groups in (
        (
            old,
            {
                "connection edited: waits that began before": edited,
                f"connection deleted for {seconds}": deleted,
            },
        ),
        (new, {"connection edited: waits that begin later": begun_later}),
        (third, {f"secret rotated, {seconds} later in Airflow": rotated}),
    ):
        runs = list(itertools.chain.from_iterable(groups.values()))
        entries, outcomes, violations = account.close(runs)
        wrong += violations
        whats = [what for what, group in groups.items() for _ in group]
        found += [
            Record(what, run.dag_id, outcome, len(entry.tries), len(entry.jobs))
            for what, run, entry, outcome in zip(whats, runs, entries, outcomes, strict=True)
        ]
    records.extend(found)
    assert not wrong, "\n".join(wrong)
