"""Who a tuning job belongs to: names derived from the task instance, and tags that identify its job.

A retry finds the job with nothing kept on the worker. Tags on the job name its ``owner``, the ``fingerprint`` of its
config, the ``generation`` (see :class:`Owner`) in which it was created and in which its result was ``delivered``, the
try that delivered it, and the failed job that it is the ``retry-of``.
:mod:`airflow_hpt_provider.creation.job_match` decides what follows.
"""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.sdk import Context

MAX_NAME = 32
"""HyperParameterTuningJobName's maximum length."""
MAX_NAMES = 99
"""Names tried for the jobs of one task: ``name``, ``name-2`` ... ``name-99``."""
OWNER_TAG = "airflow-hpt:owner"
FINGERPRINT_TAG = "airflow-hpt:fingerprint"
DELIVERED_TAG = "airflow-hpt:delivered"
NAME_DELIVERED_TAG = "airflow-hpt:name-delivered"
"""Of a task that does not wait: it has delivered the job's name, and no result."""
DELIVERED_BY_TRY_TAG = "airflow-hpt:delivered-by-try"
"""The number of the try that has delivered. If another one followed it, Airflow has not taken what it delivered."""
GENERATION_TAG = "airflow-hpt:generation"
RETRY_OF_TAG = "airflow-hpt:retry-of"
NAME = "name"
"""Key of the job's name in Airflow's task state store, where a task keeps its job in addition to the tags."""


@dataclass(frozen=True)
class Owner:
    """The task instance that a job belongs to; the same for all its tries.

    Attributes:
        deployment: ``[hpt] deployment``; empty unless several Airflows share an AWS account.
        generation: 0 until a person clears the task, then the number of the try before the clearing. Airflow's own
            retries leave it unchanged, so it tells "retried" apart from "asked to run again".
    """

    dag_id: str
    task_id: str
    run_id: str
    map_index: int = -1
    generation: int = 0
    deployment: str = ""

    @classmethod
    def from_context(cls, context: Context) -> Owner:
        """Build the owner from the running task instance."""
        from airflow_hpt_provider.compat import deployment

        ti: Any = context["ti"]
        # Clearing sets max_tries to the last try's number plus the task's retries.
        cleared_after = (ti.max_tries or 0) - (getattr(context.get("task"), "retries", 0) or 0)
        return cls(
            dag_id=ti.dag_id,
            task_id=ti.task_id,
            run_id=ti.run_id,
            map_index=-1 if ti.map_index is None else ti.map_index,
            generation=max(0, cleared_after),
            deployment=deployment(),
        )

    @property
    def digest(self) -> str:
        """40 hex digits that stand for dag, task, run and map index, and for the deployment if it has a name."""
        parts = [self.dag_id, self.task_id, self.run_id, str(self.map_index)]
        text = "\0".join([*parts, self.deployment] if self.deployment else parts)
        return hashlib.sha256(text.encode()).hexdigest()[:40]

    @property
    def base_name(self) -> str:
        """A tuning job name of at most 29 characters: the task's id, readable, and 10 that make it unique."""
        short = base64.b32encode(bytes.fromhex(self.digest[:14])).decode().lower()[:10]
        ascii_id = unicodedata.normalize("NFKD", self.task_id).encode("ascii", "ignore").decode()
        slug = re.sub(r"[^a-zA-Z0-9]+", "-", ascii_id).strip("-")[:18].strip("-")
        return f"{slug}-{short}" if slug else f"tune-{short}"

    def ownership_tags(self, fingerprint: str, retry_of: str | None = None) -> dict[str, str]:
        """Return the tags by which the job is found again.

        Args:
            fingerprint: of the config as its author wrote it.
            retry_of: the failed job that this one continues.
        """
        tags = {OWNER_TAG: self.digest, FINGERPRINT_TAG: fingerprint, GENERATION_TAG: str(self.generation)}
        return tags | ({RETRY_OF_TAG: retry_of} if retry_of else {})

    def tags(self, fingerprint: str, retry_of: str | None = None) -> list[dict[str, str]]:
        """Return the tags of this owner's job in the API's form: ownership tags first, then informational ones."""
        tags = self.ownership_tags(fingerprint, retry_of) | {
            "airflow:dag_id": self.dag_id,
            "airflow:task_id": self.task_id,
            "airflow:run_id": self.run_id,
        }
        if self.map_index >= 0:
            tags["airflow:map_index"] = str(self.map_index)
        return [{"Key": key, "Value": _tag_value(value)} for key, value in tags.items()]


def _tag_value(text: str) -> str:
    """Text as a tag may hold it: letters, digits, spaces and ``_.:/=+-@``, at most 256 characters."""
    return "".join(c if c.isalnum() or c.isspace() or c in "_.:/=+-@" else "_" for c in text)[:256]


def attempt_name(base: str, attempt: int) -> str:
    """Return the name of a task's first, second, ... job: ``name``, ``name-2``, ``name-3``."""
    if attempt == 1:
        return base
    suffix = f"-{attempt}"
    return base[: MAX_NAME - len(suffix)].rstrip("-") + suffix
