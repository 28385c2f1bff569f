"""Adds secrets to Airflow's masker, so that neither logs nor the UI's rendered fields show them.

:mod:`airflow_hpt_provider.models.secret_values` says which values of a request are secrets.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from airflow_hpt_provider.models.secret_values import secrets_of, url_secrets, written_forms


def mask_secrets(config: Any, *, is_rendered: bool = True) -> None:
    """Add a config's secrets to Airflow's masker. Repeated calls are harmless, and an odd config never fails.

    Args:
        config: a config in any form, or the description of a tuning job.
        is_rendered: False: values with an expression of Jinja's are templates, which the log may show.
    """
    from airflow_hpt_provider.compat import secret_names

    _mask(secrets_of(config, secret_names()), is_rendered=is_rendered)


def mask_url_secrets(settings: Any, *, is_rendered: bool = True) -> None:
    """Add the passwords of all URLs in a connection's settings to Airflow's masker, such as those of proxies.

    Args:
        settings: ``botocore_config``, or the extra of a connection.
        is_rendered: as in :func:`mask_secrets`.
    """
    _mask(url_secrets(settings), is_rendered=is_rendered)


def _mask(secrets: Iterable[str], *, is_rendered: bool) -> None:
    from airflow_hpt_provider.compat import mask_secret

    for secret in secrets:
        if is_rendered or "{{" not in secret:
            for form in written_forms(secret):
                mask_secret(form)
