"""``iam-policy``: print the IAM policy that the provider needs."""

from __future__ import annotations

import argparse
import json
import re
from typing import TYPE_CHECKING, Any, get_args

from airflow_hpt_provider.cli.errors import CommandError
from airflow_hpt_provider.cli.options import add_debug

if TYPE_CHECKING:
    from airflow_hpt_provider.hooks.permissions import Where

WHERE = ("worker", "triggerer", "api-server", "command-line", "all")
_ARN = re.compile(r"arn:(?P<partition>[\w-]+):(?P<service>\w+):(?P<region>[\w-]*):(?P<account>\d{12}):\S+")


def register(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "iam-policy",
        help="the IAM policy that the provider needs",
        description="Print a minimal IAM policy as JSON: the actions that the provider's code calls, with resources "
        "and conditions where IAM supports them. The command makes no call to AWS.",
    )
    parser.add_argument(
        "--for",
        dest="where",
        choices=WHERE,
        default="all",
        help="Airflow component whose connection gets the policy (default: %(default)s)",
    )
    parser.add_argument(
        "--role-arn",
        type=_arn("iam"),
        metavar="ARN",
        help="training role that tuning jobs get; also gives partition and account (default: any role)",
    )
    parser.add_argument(
        "--queue-arn",
        type=_arn("sqs"),
        metavar="ARN",
        help="SQS queue of event_queue_url and TuningJobStateChangeTrigger (default: any queue)",
    )
    parser.add_argument(
        "--name-prefix",
        default="",
        metavar="TEXT",
        help="beginning of the tuning jobs' names; a derived name begins with the task's id (default: any name)",
    )
    parser.add_argument("--region", default="*", metavar="REGION", help="region (default: any)")
    add_debug(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the policy."""
    from airflow_hpt_provider.hooks.permissions import Scope, Where, actions_for, policy

    arns = [_ARN.fullmatch(each) for each in (options.role_arn, options.queue_arn) if each]
    accounts = {(each["partition"], each["account"]) for each in arns if each}
    if len(accounts) > 1:
        raise CommandError("--role-arn and --queue-arn must be ARNs of the same account")
    partition, account = next(iter(accounts), ("aws", "*"))
    where: tuple[Where, ...] = get_args(Where) if options.where == "all" else (options.where,)
    scope = Scope(
        partition, options.region, account, options.name_prefix, options.role_arn, options.queue_arn
    )
    print(json.dumps(policy(actions_for(where), scope), indent=2))
    return 0


def _arn(service: str) -> Any:
    def parse(text: str) -> str:
        found = _ARN.fullmatch(text)
        if found is None or found["service"] != service:
            raise argparse.ArgumentTypeError(f"must be an ARN of {service} with its account, got '{text}'")
        return text

    return parse
