"""The final metrics of a tuning job's training jobs, as the page has read them so far."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from airflow_hpt_provider.hooks.final_metrics import FinalMetrics, search_final_metrics
from airflow_hpt_provider.retries.errors import is_denied

if TYPE_CHECKING:
    from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook

_PAGE = 100


@dataclass(frozen=True)
class KnownMetrics:
    """What is known.

    Attributes:
        values: the metrics' final values, by the training job's name.
        ended: the training jobs that had ended when their metrics were read: nothing of them changes.
        denied: whether the connection has no permission to search for training jobs.
        calls: how many calls the last reading took.
    """

    values: Mapping[str, FinalMetrics] = field(default_factory=dict)
    ended: frozenset[str] = frozenset()
    denied: bool = False
    calls: int = 0


def read_metrics(
    hook: HyperParameterTuningHook, tuning_job_arn: str, names: Collection[str], known: KnownMetrics
) -> KnownMetrics:
    """Return the metrics of the training jobs with these names; those of jobs that have ended are read once.

    What cannot be read is read with the next refresh: the page shows a tuning job without its metrics, too.
    """
    values, ended = dict(known.values), set(known.ended)
    missing = set(names) - ended
    if known.denied or not missing:
        return KnownMetrics(values, known.ended, known.denied)
    seen = 0
    try:
        for seen, found in enumerate(search_final_metrics(hook, tuning_job_arn), 1):
            values[found.training_job] = found.values
            missing.discard(found.training_job)
            if found.ended:
                ended.add(found.training_job)
            if seen % _PAGE == 0 and not missing:
                break  # at the end of a page, before the next one is fetched
    except (ClientError, BotoCoreError) as error:
        return KnownMetrics(known.values, known.ended, denied=is_denied(error), calls=1)
    return KnownMetrics(values, frozenset(ended), calls=max(1, -(-seen // _PAGE)))
