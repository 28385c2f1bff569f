"""Reads and writes the tags of a task's own tuning jobs after their creation."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from airflow_hpt_provider.creation.ownership import (
    DELIVERED_BY_TRY_TAG,
    DELIVERED_TAG,
    MAX_NAMES,
    NAME,
    OWNER_TAG,
    RETRY_OF_TAG,
    Owner,
    attempt_name,
)
from airflow_hpt_provider.exceptions import TuningJobNotFoundError
from airflow_hpt_provider.hooks.actions import needs
from airflow_hpt_provider.models import Attempt
from airflow_hpt_provider.retries.errors import is_denied, one_line

if TYPE_CHECKING:
    from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook
    from airflow_hpt_provider.models import TuningJobDescription

log = logging.getLogger(__name__)


@needs("sagemaker:AddTags")
def mark_delivered(
    hook: HyperParameterTuningHook,
    arn: str,
    owner: Owner,
    try_number: int,
    log: Any,
    tag: str = DELIVERED_TAG,
) -> None:
    """Note on the job that its result was delivered, so that clearing the task makes a new one.

    The try may still fail, when Airflow cannot store its return value or its end. Then another one follows it.

    Without permission to tag, a cleared task makes a new job all the same (its name says enough).
    """
    try:
        hook.add_tags(arn, {tag: str(owner.generation), DELIVERED_BY_TRY_TAG: str(try_number)})
    except (BotoCoreError, ClientError) as error:
        # The result has arrived; a missing tag must not fail the task.
        log.warning(
            "The tuning job could not be tagged as delivered (sagemaker:AddTags); if the task is cleared, it may take"
            " the same result again: %s",
            one_line(error),
        )


@needs("sagemaker:ListTags", "sagemaker:AddTags")
def take_back_delivery(hook: HyperParameterTuningHook, arn: str, try_number: int, log: Any) -> None:
    """Note on the job that this try, which had delivered, has failed; unless another try has delivered since."""
    try:
        if hook.tags(arn).get(DELIVERED_BY_TRY_TAG) == str(try_number):
            hook.add_tags(arn, {DELIVERED_BY_TRY_TAG: "0"})
    except (BotoCoreError, ClientError) as error:
        log.warning(
            "The tuning job stays tagged as delivered, although this try has failed; if the task is cleared, it"
            " creates another one: %s",
            one_line(error),
        )


def previous_attempts_of(hook: HyperParameterTuningHook, arn: str) -> tuple[Attempt, ...]:
    """Return the attempts that a job retries, oldest first, as far as the tags can be read."""
    found: list[TuningJobDescription] = []
    known = {arn}
    try:
        while (name := hook.tags(arn).get(RETRY_OF_TAG)) and len(found) < MAX_NAMES:
            description = hook.describe(name)
            arn = description.hyper_parameter_tuning_job_arn
            if arn in known:
                log.warning("Tuning job %s is tagged as the retry of a job that is a retry of it.", name)
                break
            known.add(arn)
            found.insert(0, description)
    except TuningJobNotFoundError:
        pass  # deleted in the meantime
    except ClientError as error:
        if not is_denied(error):
            raise
    return tuple(Attempt.of(description, number) for number, description in enumerate(found, 1))


def running_job_of(hook: HyperParameterTuningHook, owner: Owner, memory: Mapping[str, str]) -> str | None:
    """Return the name of the task's running job, found without its config.

    A name that was given in the config is found only if the task state store knows it.

    Args:
        hook: the way to the API.
        owner: the task instance.
        memory: what the task state store knows of the task's last job.
    """
    derived = [attempt_name(owner.base_name, number) for number in range(1, MAX_NAMES + 1)]
    remembered = memory.get(NAME)
    running, missing = None, 0
    for name in [remembered, *derived] if remembered else derived:
        try:
            description = hook.describe(name)
        except TuningJobNotFoundError:
            missing += name != remembered
            if missing > 1:  # one may have been deleted by a person
                break
            continue
        if description.status == "InProgress" and _is_owners(hook, description, owner):
            running = name
    return running


def is_own_job(hook: HyperParameterTuningHook, name: str, owner: Owner) -> bool:
    """Return whether tags or name prove that a job is a task instance's own; a name in an XCom proves nothing.

    Raises:
        botocore.exceptions.ClientError: the tags cannot be read now.
    """
    derived = any(name == attempt_name(owner.base_name, number) for number in range(1, MAX_NAMES + 1))
    try:
        tags = hook.tags(hook.describe(name).hyper_parameter_tuning_job_arn)
    except TuningJobNotFoundError:
        return False
    except ClientError as error:
        if not is_denied(error):
            raise
        return derived
    return tags[OWNER_TAG] == owner.digest if OWNER_TAG in tags else derived


def _is_owners(hook: HyperParameterTuningHook, description: TuningJobDescription, owner: Owner) -> bool:
    """Return whether a job of a derived or remembered name is the owner's: its tags say so, or name no owner.

    The remembered name alone is no proof: users who may edit the task instance may write the task state store.
    """
    try:
        tags = hook.tags(description.hyper_parameter_tuning_job_arn)
    except ClientError as error:
        if not is_denied(error):
            raise
        return True
    return tags.get(OWNER_TAG, owner.digest) == owner.digest
