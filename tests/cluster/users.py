"""Run as a program, in the environment of a cluster's Airflow: make a user of each of FAB's roles.

The name of each user is its password, too.
"""

from __future__ import annotations

import sys

from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder


def main() -> None:
    """Make the users whose roles are the arguments."""
    with get_application_builder() as builder:
        manager = builder.sm
        manager.sync_roles()
        for role in sys.argv[1:]:
            user = role.lower()
            email = f"{user}@example.com"
            assert manager.add_user(user, user, user, email, manager.find_role(role), user), user


if __name__ == "__main__":
    main()
