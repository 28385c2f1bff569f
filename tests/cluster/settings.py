"""The configuration of a cluster's Airflow, as environment variables."""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path

NOTICE_SECONDS = 60
"""After which Airflow, as it is configured here, takes a process without a heartbeat for lost."""
ROLES = ("Viewer", "User", "Op", "Admin")
"""Roles of Airflow's FAB auth manager. Each has a user, whose name and password are the role's in lower case."""


def settings(home: Path, dags: Path, url: str, postgres: str, redis: str) -> dict[str, str]:
    """Return the variables for every component.

    Args:
        home: AIRFLOW_HOME.
        dags: the folder with the DAG files.
        url: of the API server.
        postgres: user, password, host and database.
        redis: the broker's URL.
    """
    sections: dict[str, dict[str, str]] = {
        "CORE": {
            "DAGS_FOLDER": str(dags),
            "LOAD_EXAMPLES": "False",
            "DAGS_ARE_PAUSED_AT_CREATION": "False",
            "EXECUTOR": "CeleryExecutor",
            "PARALLELISM": "32",
            "HOSTNAME_CALLABLE": "socket.gethostname",
            "EXECUTION_API_SERVER_URL": f"{url}/execution/",
            "FERNET_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "AUTH_MANAGER": "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager",
            "TEST_CONNECTION": "Disabled",
        },
        "DATABASE": {"SQL_ALCHEMY_CONN": f"postgresql+psycopg2://{postgres}"},
        "CELERY": {
            "BROKER_URL": redis,
            "RESULT_BACKEND": f"db+postgresql+psycopg2://{postgres}",
            "WORKER_CONCURRENCY": "6",
            "OPERATION_TIMEOUT": "10",
        },
        "API": {"BASE_URL": url, "WORKERS": "2", "SECRET_KEY": secrets.token_urlsafe(32)},
        "API_AUTH": {"JWT_SECRET": secrets.token_urlsafe(64), "JWT_EXPIRATION_TIME": str(12 * 3600)},
        # On a busy machine, 5 s are not enough for a task to report its start: it would be taken for failed.
        "WORKERS": {"EXECUTION_API_TIMEOUT": "60", "MIN_HEARTBEAT_INTERVAL": "5"},
        "DAG_PROCESSOR": {"REFRESH_INTERVAL": "5", "PARSING_PROCESSES": "1"},
        "SCHEDULER": {
            "SCHEDULER_IDLE_SLEEP_TIME": "0.5",
            "JOB_HEARTBEAT_SEC": "2",
            "SCHEDULER_HEALTH_CHECK_THRESHOLD": "30",
            "ORPHANED_TASKS_CHECK_INTERVAL": "10",
            "TASK_INSTANCE_HEARTBEAT_SEC": "5",
            "TASK_INSTANCE_HEARTBEAT_TIMEOUT": str(NOTICE_SECONDS),
            "TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
            "TASK_QUEUED_TIMEOUT": "150",
            "TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "10",
        },
        "TRIGGERER": {"JOB_HEARTBEAT_SEC": "2", "TRIGGERER_HEALTH_CHECK_THRESHOLD": "30"},
        "LOGGING": {"BASE_LOG_FOLDER": str(home / "logs")},
    }
    plain = {
        "AIRFLOW_HOME": str(home),
        "PYTHONUNBUFFERED": "1",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
        "C_FORCE_ROOT": "true",
        "PATH": os.environ["PATH"],
    }
    return plain | {
        f"AIRFLOW__{section}__{name}": value
        for section, values in sections.items()
        for name, value in values.items()
    }
