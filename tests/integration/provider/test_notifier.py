"""TuningJobNotifier with a real notifier of another provider, which sends to the local service's SQS."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import pytest
from airflow.providers.amazon.aws.notifications.sqs import SqsNotifier
from airflow.sdk.bases.notifier import BaseNotifier

from airflow_hpt_provider.notifications.tuning import TuningJobNotifier, message_of
from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator
from tests.integration.provider.conftest import make, run

pytestmark = pytest.mark.integration

HOSTILE = 'x\' }} {{ 3 * 3333333333 }} {% raw %} "\\n" <b>&amp; \x1b[31m 日本'


@pytest.fixture
def queue(service):
    sqs = service.client("sqs")
    url = sqs.create_queue(QueueName="notifications")["QueueUrl"]

    def received() -> str:
        [message] = sqs.receive_message(QueueUrl=url)["Messages"]
        return str(message["Body"])

    received.url = url
    return received


class Kept(BaseNotifier):
    """A notifier that keeps what it has rendered."""

    template_fields = ("text", "channel")
    sent: ClassVar[list[tuple[str, str]]] = []

    def __init__(self, text: str, channel: str = "") -> None:
        super().__init__()
        self.text, self.channel = text, channel

    def notify(self, context: Any) -> None:
        self.sent.append((self.text, self.channel))


async def test_best_training_job_is_sent(config, first_try, queue):
    task = make(HyperParameterTuningJobOperator, config=config, deferrable=False, poll_interval=0.2)
    await run(task, first_try)
    notifier = TuningJobNotifier(SqsNotifier, text="message_body", queue_url=queue.url)
    notifier({**first_try.context(task), "dag": task.dag})
    text = queue()
    best = first_try.xcom["best_training_job"]
    assert f"Tuning job: {first_try.xcom['tuning_job_name']}" in text
    assert f"Best training job: {best['TrainingJobName']}" in text
    assert f"objective: {first_try.xcom['final_metric']}" in text
    assert f"x = {best['TunedHyperParameters']['x']}" in text


@pytest.mark.parametrize("html", [False, True])
def test_values_of_others_are_not_rendered(first_try, html):
    first_try.xcom = {"tuning_job_name": HOSTILE}
    context = {**first_try.context(None), "dag": None, "exception": ValueError(HOSTILE)}
    TuningJobNotifier(Kept, text="text", html=html, channel="{{ ti.task_id }}")(context)
    text, channel = Kept.sent.pop()
    assert channel == "tune", "the notifier's own arguments are templates still"
    assert "{{ 3 * 3333333333 }}" in text
    assert "9999999999" not in text
    assert "\x1b" not in text
    assert ("<b>" in text) is not html
    assert text.count("日本") == 2


def test_task_that_has_made_no_job(first_try):
    text = message_of({"ti": first_try, "exception": ValueError("config must be a dict")})
    assert text.splitlines()[1:] == ["Error: config must be a dict"]
    assert json.dumps(text)


def test_message_as_an_argument():
    with pytest.raises(TypeError, match="it writes the message"):
        TuningJobNotifier(Kept, text="channel", channel="mine")
