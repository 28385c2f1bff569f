"""How a task finds its own tuning job again, however often it is tried.

Nothing needs to survive the worker: the job's name is derived from the task instance, and tags on the job say
whose it is (``owner``), of which config (``fingerprint``), and whether its result was ``delivered``; in which
``generation`` (see :class:`Owner`) it was made; and which failed job it is the ``retry-of``.
"""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.sdk import Context

MAX_NAME = 32
"""HyperParameterTuningJobName's maximum length."""
MAX_NAMES = 99
"""Of the jobs of one task: ``name``, ``name-2`` ... ``name-99``."""
OWNER_TAG = "airflow-hpt:owner"
FINGERPRINT_TAG = "airflow-hpt:fingerprint"
DELIVERED_TAG = "airflow-hpt:delivered"
GENERATION_TAG = "airflow-hpt:generation"
RETRY_OF_TAG = "airflow-hpt:retry-of"
NAME = "name"
"""Where a task remembers its job beside the tags (Airflow's task state store): the key of the job's name."""


@dataclass(frozen=True)
class Owner:
    """The task instance that a job belongs to; the same for all its tries.

    Attributes:
        deployment: ``[hpt] deployment``; empty unless several Airflows share an AWS account.
        generation: 0 until a person clears the task, then the number of the try before the clearing. Airflow's own
            retries leave it unchanged, so it tells "retried" from "asked to run again".
    """

    dag_id: str
    task_id: str
    run_id: str
    map_index: int = -1
    generation: int = 0
    deployment: str = ""

    @classmethod
    def from_context(cls, context: Context) -> Owner:
        """The running task instance's."""
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

    def marks(self, fingerprint: str, retry_of: str | None = None) -> dict[str, str]:
        """The tags by which the job is found again.

        Args:
            fingerprint: of the config as its author wrote it.
            retry_of: the failed job that this one continues.
        """
        marks = {OWNER_TAG: self.digest, FINGERPRINT_TAG: fingerprint, GENERATION_TAG: str(self.generation)}
        return marks | ({RETRY_OF_TAG: retry_of} if retry_of else {})

    def tags(self, fingerprint: str, retry_of: str | None = None) -> list[dict[str, str]]:
        """The tags of this owner's job in the API's form: its marks, then those that only inform people."""
        tags = self.marks(fingerprint, retry_of) | {
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
    """The name of the first, second, ... job of the same task: ``name``, ``name-2``, ``name-3``."""
    if attempt == 1:
        return base
    suffix = f"-{attempt}"
    return base[: MAX_NAME - len(suffix)].rstrip("-") + suffix


class JobMatch(Enum):
    """What an existing tuning job is to a task that wants one."""

    REJOIN = "still running: wait for it"
    USE_RESULT = "ended, and its result is still wanted: take it"
    CREATE_NEXT = "over and done with: make a new one under the next name"
    NOT_OWNED = "belongs to another task, or to nobody we know"
    CONFIG_CHANGED = "is this task's own, still running, but was made from another config"


def match_job(
    status: str,
    tags: Mapping[str, str] | None,
    owner: Owner,
    fingerprint: str,
    *,
    known_own: bool,
    this_generation_only: bool = False,
    first_try: bool = False,
) -> JobMatch:
    """What to do with a job of the wanted name.

    Args:
        status: its HyperParameterTuningJobStatus.
        tags: its tags, or None if they may not be read.
        owner: the task instance that asks.
        fingerprint: of the config it wants to run.
        known_own: the name was derived from the owner, or kept in the task's state store: without readable
            tags this is the proof that it is the task's own.
        this_generation_only: once it has Completed it is taken only in the generation it was made in, for
            there is no result
            that a person who clears the task could still want: nobody waits for it, or it has none.
        first_try: it cannot have delivered anything yet. A job whose result has been delivered is then of a DAG run
            of the same id that was deleted since.
    """
    tagged = tags is not None and OWNER_TAG in tags
    if tagged and tags is not None:
        if tags[OWNER_TAG] != owner.digest:
            return JobMatch.NOT_OWNED
        same_config = tags.get(FINGERPRINT_TAG, fingerprint) == fingerprint
    elif known_own:
        same_config = True  # unknown; the name says that it is ours
    else:
        return JobMatch.NOT_OWNED
    if status == "InProgress":
        return JobMatch.REJOIN if same_config else JobMatch.CONFIG_CHANGED
    if same_config and status == "Completed" and this_generation_only:
        this_generation = not first_try and (tags or {}).get(GENERATION_TAG, "0") == str(owner.generation)
        return JobMatch.USE_RESULT if this_generation else JobMatch.CREATE_NEXT
    if same_config:
        # A person who clears a task whose result arrived wants a new one; an Airflow retry does not.
        delivered_generation = (
            (tags or {}).get(DELIVERED_TAG) if tagged else "0" if status == "Completed" else None
        )
        undelivered = status == "Completed" and delivered_generation is None
        ended = status in {"Completed", "Stopping", "Stopped"}
        if undelivered or (ended and delivered_generation == str(owner.generation) and not first_try):
            return JobMatch.USE_RESULT
    return JobMatch.CREATE_NEXT
