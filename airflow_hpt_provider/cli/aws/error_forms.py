"""``--cli-error-format``: how errors are written to stderr, as in the newest version 2 of the AWS CLI."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TextIO

from airflow_hpt_provider.cli.aws import output
from airflow_hpt_provider.models.printable import printable

if TYPE_CHECKING:
    from airflow_hpt_provider.cli.aws.errors import Failure

ENHANCED, LEGACY = "enhanced", "legacy"
FORMATS = (LEGACY, "json", "yaml", "text", "table", ENHANCED)
MAX_INLINE = 5
"""Lists and structures with fewer elements are written out in the form ``enhanced``."""


def chosen(option: str | None, profile: str | None = None) -> str:
    """Return the form to use: the option's, ``AWS_CLI_ERROR_FORMAT``, the configuration file's, or ``enhanced``.

    An unknown form in the settings counts as ``enhanced``: it must not hide the error that is to be reported.
    """
    form = option or os.environ.get("AWS_CLI_ERROR_FORMAT") or _configured(profile) or ENHANCED
    return form.lower() if form.lower() in FORMATS else ENHANCED


def write(failure: Failure, form: str, err: TextIO) -> None:
    """Write an error.

    Args:
        failure: the error.
        form: one of :data:`FORMATS`. An error that has only a text is written as text in all of them.
        err: where to.
    """
    details = failure.details
    if details is None or form in {ENHANCED, LEGACY}:
        err.write(f"\nairflow-hpt: [ERROR]: {printable(failure.message, keep=chr(10)).strip()}\n")
    if details is not None and form == ENHANCED:
        err.writelines(_additional(details))
    elif details is not None and form != LEGACY:
        output.write(_printable(details), form, err, title="error")


def _additional(details: dict[str, Any]) -> list[str]:
    others = {name: value for name, value in details.items() if name not in {"Code", "Message"}}
    lines = [f"{name}: {printable(_inline(value))}\n" for name, value in others.items()]
    return ["\nAdditional error details:\n", *lines] if lines else []


def _inline(value: Any) -> str:
    if isinstance(value, dict | list):
        parts = list(value.values()) if isinstance(value, dict) else value
        if len(parts) >= MAX_INLINE or any(isinstance(part, dict | list) for part in parts):
            return "<complex value> (Use --cli-error-format with json or yaml to see full details)"
        if isinstance(value, dict):
            return f"{{{', '.join(f'{name}: {part}' for name, part in value.items())}}}"
        return f"[{', '.join(map(str, value))}]"
    return str(value)


def _printable(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _printable(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_printable(part) for part in value]
    return printable(value, keep="\n") if isinstance(value, str) else value


def _configured(profile: str | None) -> str | None:
    import botocore.session
    from botocore.exceptions import BotoCoreError

    try:
        config = botocore.session.Session(profile=profile or None).get_scoped_config()
    except (BotoCoreError, OSError, ValueError):  # such as the profile that does not exist
        return None
    value = config.get("cli_error_format")
    return value if isinstance(value, str) else None
