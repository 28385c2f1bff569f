"""All that a service keeps: its databases row by row, its files, and what moto has in memory."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from airflow_hpt_provider.demo.service import LocalService

BESIDE = (".sqlite-wal", ".sqlite-shm", "service.log", "service.lock")
"""SQLite's own files next to its databases; the log, which may grow; the lock."""
LISTS = (
    ("sagemaker", "list_models", "Models"),
    ("sagemaker", "list_endpoint_configs", "EndpointConfigs"),
    ("sagemaker", "list_experiments", "ExperimentSummaries"),
    ("sagemaker", "list_trials", "TrialSummaries"),
    ("sagemaker", "list_pipelines", "PipelineSummaries"),
    ("sqs", "list_queues", "QueueUrls"),
    ("events", "list_rules", "Rules"),
    ("logs", "describe_log_groups", "logGroups"),
    ("iam", "list_roles", "Roles"),
    ("iam", "list_users", "Users"),
)

Contents = dict[str, Any]
"""Where -> what; two are equal if nothing was changed."""


def contents(service: LocalService) -> Contents:
    """Everything, at this moment."""
    found: Contents = {}
    for path in sorted(service.data_dir.rglob("*")):
        name = str(path.relative_to(service.data_dir))
        if name.endswith(BESIDE):
            continue
        if path.suffix == ".sqlite":
            found |= {f"{name}: {table}": rows for table, rows in _tables(path).items()}
        elif path.is_file():
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        else:
            found[name] = "directory"
    for name, operation, member in LISTS:
        found[f"{name} {operation}"] = getattr(service.client(name), operation)().get(member, [])
    return found


def difference(before: Contents, after: Contents) -> list[str]:
    """What has changed, a line each."""
    return [
        f"{where}: {before.get(where, 'was not there')!r:.400} -> {after.get(where, 'is gone')!r:.400}"
        for where in sorted(before.keys() | after.keys())
        if before.get(where) != after.get(where)
    ]


def _tables(path: Path) -> dict[str, list[Any]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        names = [
            name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")
        ]
        return {
            name: sorted(connection.execute(f'select * from "{name}"').fetchall(), key=repr) for name in names
        }
