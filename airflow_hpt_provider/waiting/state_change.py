"""SageMaker's event of a tuning job's change of state, as EventBridge puts it into an SQS queue."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

SOURCE = "aws.sagemaker"
DETAIL_TYPE = "SageMaker HyperParameter Tuning Job State Change"


class NotAStateChangeError(ValueError):
    """A message in the queue is something else, or nothing that can be read."""


def check_queue_url(name: str, value: str) -> None:
    """Check an argument that leads to a queue.

    Raises:
        ValueError: naming the argument, the value and what is expected.
    """
    if not str(value).startswith(("https://", "http://")):
        raise ValueError(
            f"{name} must be a queue's URL, such as"
            f" https://sqs.eu-west-1.amazonaws.com/123456789012/tuning-jobs, got {value!r}."
        )


@dataclass(frozen=True, slots=True)
class StateChange:
    """One event.

    Attributes:
        event_id: EventBridge's; the same when the message is delivered twice.
        name, arn, status: the tuning job's, in AWS's words.
        time: when it happened, ISO-8601.
        created: the job's CreationTime in the event; distinguishes a job from an older one of the same name.
        tags: the job's.
    """

    event_id: str
    name: str
    arn: str
    status: str
    time: str
    created: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, body: str) -> Self:
        """Read the body of an SQS message; one that came through an SNS topic, too.

        Raises:
            NotAStateChangeError: it is none; says why.
        """
        try:
            event: Any = json.loads(body)
            if isinstance(event, dict) and event.get("Type") == "Notification":
                event = json.loads(event["Message"])
            if not isinstance(event, dict) or event.get("detail-type") != DETAIL_TYPE:
                raise NotAStateChangeError(f"Not an event of type {DETAIL_TYPE!r}: {body[:200]}")
            detail = event["detail"]
            return cls(
                event_id=str(event["id"]),
                name=str(detail["HyperParameterTuningJobName"]),
                arn=str(detail["HyperParameterTuningJobArn"]),
                status=str(detail["HyperParameterTuningJobStatus"]),
                time=str(event.get("time", "")),
                created=str(detail.get("CreationTime", "")),
                tags={str(key): str(value) for key, value in (detail.get("Tags") or {}).items()},
            )
        except NotAStateChangeError:
            raise
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise NotAStateChangeError(f"Invalid event ({error!r}): {body[:200]}") from error

    @property
    def key(self) -> tuple[str, str, str]:
        """Equal for all events about the same change: a job enters each of its states once."""
        return self.arn, self.created, self.status

    def matches(
        self, statuses: Collection[str], name_prefix: str | None, tags: Mapping[str, str] | None
    ) -> bool:
        """Whether all conditions are met; None or empty: no condition. Names compare in any case, as AWS does."""
        return (
            (not statuses or self.status in statuses)
            and self.name.lower().startswith((name_prefix or "").lower())
            and all(self.tags.get(key) == value for key, value in (tags or {}).items())
        )
