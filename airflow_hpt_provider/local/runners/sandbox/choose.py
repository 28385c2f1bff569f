"""Chooses, once per service, how training jobs are kept apart: the option ``--isolation``."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Literal

from airflow_hpt_provider.local.runners.sandbox import bubblewrap, visible
from airflow_hpt_provider.local.runners.sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

LOGGER = logging.getLogger(__name__)
Isolation = Literal["auto", "sandbox", "none"]


def choose(
    isolation: Isolation, *, readable: Iterable[Path] = (), hidden: Iterable[Path] = ()
) -> tuple[Sandbox | None, str]:
    """Return the sandbox factory, or None for bare processes, and a sentence about the choice for the log.

    Args:
        isolation: ``auto``: sandboxes where bubblewrap works; ``sandbox``: sandboxes or an error; ``none``.
        readable: directories that sandboxed jobs may read besides the system and the Python environment.
        hidden: directories that they never see.

    Raises:
        ValueError: sandboxes are required, and bubblewrap does not work.
    """
    if isolation == "none":
        choice = "Training jobs run as bare processes (--isolation none)"
        LOGGER.info("%s.", choice)
        return None, choice
    mounts = visible.visible(readable=readable, hidden=hidden)
    found = bubblewrap.find(mounts)
    if found.program is None:
        if isolation == "sandbox":
            raise ValueError(
                f"--isolation sandbox: {found.problem}. Mend that, or use --isolation none to run training jobs as "
                "bare processes."
            )
        choice = f"Training jobs run as bare processes: {found.problem}"
        LOGGER.warning("%s.", choice)
        return None, choice
    choice = f"Training jobs run in sandboxes ({found.program}, bubblewrap {found.version})"
    LOGGER.info("%s.", choice)
    return Sandbox(found.program, mounts), choice
