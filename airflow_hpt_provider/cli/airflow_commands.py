"""``airflow hpt ...``: the same commands in Airflow's own command line (Airflow 3.2+)."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from airflow.cli.cli_config import ActionCommand, Arg, lazy_load_command

if TYPE_CHECKING:
    import argparse

    from airflow.cli.cli_config import CLICommand


class _Commands(Arg):
    """Stands for all arguments of ``airflow hpt``: our parser, as ``airflow-hpt`` has it."""

    def __init__(self) -> None:
        super().__init__(flags=("COMMAND",))  # type: ignore[no-untyped-call]

    def add_to_parser(self, parser: argparse.ArgumentParser) -> None:
        from airflow_hpt_provider.cli.main import add_commands

        add_commands(parser)
        parser.set_defaults(in_airflow=True)


def get_cli_commands() -> list[CLICommand]:
    """Return the commands that Airflow adds to its command line."""
    return [
        ActionCommand(
            name="hpt",
            help="Tune hyperparameters on SageMaker: the commands of airflow-hpt",
            description="SageMaker hyperparameter tuning with Airflow, on AWS or on this machine.",
            func=lazy_load_command("airflow_hpt_provider.cli.airflow_commands.run"),
            args=(_Commands(),),
        )
    ]


def run(options: Any) -> None:
    """Run the command that Airflow has parsed; Airflow takes no exit code from a function."""
    from airflow_hpt_provider.cli.main import execute

    sys.exit(execute(options))
