"""An auth manager whose users may see or edit single DAGs, as FAB's roles allow; SimpleAuthManager knows roles only.

``HPT_TEST_PERMISSIONS`` holds JSON: user -> DAG id, or ``connection:`` and its id -> ``read`` or ``edit``.
"""

from __future__ import annotations

import json
import os
from typing import Any

from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager


class PerDagAuthManager(SimpleAuthManager):
    def is_authorized_dag(
        self, *, method: str, user: Any, access_entity: Any = None, details: Any = None
    ) -> bool:
        granted = json.loads(os.environ["HPT_TEST_PERMISSIONS"]).get(user.username, {})
        if details is None or details.id is None:
            return bool(granted)
        return granted.get(details.id) in (("read", "edit") if method == "GET" else ("edit",))

    def is_authorized_connection(self, *, method: str, user: Any, details: Any = None) -> bool:
        granted = json.loads(os.environ["HPT_TEST_PERMISSIONS"]).get(user.username, {})
        level = granted.get(f"connection:{details and details.conn_id}")
        return level in (("read", "edit") if method == "GET" else ("edit",))
