"""State changes of tuning jobs: the local service's EventBridge and SQS, and the trigger that reads them."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from datetime import UTC, datetime

import pytest

from airflow_hpt_provider.compat import TaskDeferred
from airflow_hpt_provider.hooks.settings import ConnectionSettings
from airflow_hpt_provider.hooks.sqs import Message, SqsQueue
from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator
from airflow_hpt_provider.sensors.tuning import HyperParameterTuningJobSensor
from airflow_hpt_provider.triggers.events import TuningJobStateChangeTrigger
from airflow_hpt_provider.triggers.tuning import HyperParameterTuningJobTrigger
from airflow_hpt_provider.waiting import event_listener
from airflow_hpt_provider.waiting.shared_poller import SharedPoller
from tests.integration.provider.conftest import TaskTry, make

pytestmark = pytest.mark.integration

WAIT_SECONDS = 120


@pytest.fixture
def queue_url(service, request):
    """A queue that the service's events go to."""
    name = f"q-{abs(hash(request.node.name))}"
    sqs, events = service.client("sqs"), service.client("events")
    url = sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "2"})["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = {
        "source": ["aws.sagemaker"],
        "detail-type": ["SageMaker HyperParameter Tuning Job State Change"],
    }
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])
    yield url
    events.remove_targets(Rule=name, Ids=["queue"])
    events.delete_rule(Name=name)
    sqs.delete_queue(QueueUrl=url)


@pytest.fixture(autouse=True)
def short_polls(monkeypatch):
    monkeypatch.setattr(SqsQueue.__init__, "__defaults__", (1,))
    monkeypatch.setattr("airflow_hpt_provider.triggers.events.HANDOVER_SECONDS", 0.2)


def run_job(config, **kwargs):
    task = make(HyperParameterTuningJobOperator, config=config, deferrable=False, poll_interval=0.1, **kwargs)
    one = TaskTry()
    return task.execute(one.context(task))


async def first(events, count):
    found = []
    async with asyncio.timeout(WAIT_SECONDS):
        async for event in events:
            found.append(event.payload)
            if len(found) == count:
                break
    await events.aclose()
    return found


def left(service, url, *kinds):
    attributes = [f"ApproximateNumberOfMessages{kind}" for kind in kinds or ("", "NotVisible")]
    answer = service.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=attributes)
    return sum(map(int, answer["Attributes"].values()))


async def empty(service, url):
    async with asyncio.timeout(WAIT_SECONDS):
        while await asyncio.to_thread(left, service, url):  # noqa: ASYNC110 - it is in another process
            await asyncio.sleep(0.1)


async def test_the_service_sends_each_change_of_a_jobs_status(config, service, queue_url):
    result = await asyncio.to_thread(run_job, config)
    queue = SqsQueue(queue_url, ConnectionSettings())
    bodies = []
    async with asyncio.timeout(WAIT_SECONDS):
        while len(bodies) < 2:
            bodies += [json.loads(message.body) for message in await queue.receive()]
    queue.close()
    details = [body["detail"] for body in bodies]
    assert [d["HyperParameterTuningJobStatus"] for d in details] == ["InProgress", "Completed"]
    assert {d["HyperParameterTuningJobName"] for d in details} == {result["tuning_job_name"]}
    assert details[-1]["TrainingJobStatusCounters"]["Completed"] == 4
    assert details[-1]["Tags"]
    assert bodies[0]["resources"] == [result["tuning_job_arn"]]


async def test_a_trigger_fires_once_with_the_best_training_job_and_deletes_what_it_read(
    config, service, queue_url
):
    result = await asyncio.to_thread(run_job, config)
    sqs = service.client("sqs")
    completed = Message("", "")
    queue = SqsQueue(queue_url, ConnectionSettings())
    async with asyncio.timeout(WAIT_SECONDS):
        while '"Completed"' not in completed.body:
            completed = (await queue.receive())[-1]
    queue.close()
    for body in ("poison", completed.body, completed.body):  # AWS may send an event more than once
        sqs.send_message(QueueUrl=queue_url, MessageBody=body)
    failing = json.loads(completed.body)
    failing["detail"] |= {"HyperParameterTuningJobStatus": "Failed"}
    sqs.send_message(QueueUrl=queue_url, MessageBody=json.dumps(failing))

    payloads = []

    async def run():
        async for event in TuningJobStateChangeTrigger(queue_url).run():
            payloads.append(event.payload)  # noqa: PERF401 - while others look

    running = asyncio.create_task(run())
    async with asyncio.timeout(WAIT_SECONDS):
        while len(payloads) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    await empty(service, queue_url)
    running.cancel()
    assert sorted(payload["status"] for payload in payloads) == ["Completed", "Failed"]
    reported = next(payload for payload in payloads if payload["status"] == "Completed")
    assert reported["tuning_job_name"] == result["tuning_job_name"]
    assert reported["best_training_job"]["TrainingJobName"] == result["best_training_job"]["TrainingJobName"]
    assert reported["best_training_job"]["ModelArtifacts"]["S3ModelArtifacts"]
    assert reported["final_metric"] == result["final_metric"]


async def test_a_trigger_that_ends_right_after_an_event_leaves_the_message(config, service, queue_url):
    """Below Airflow 3.3 the trigger never learns that the event is stored."""
    await asyncio.to_thread(run_job, config)
    (payload,) = await first(TuningJobStateChangeTrigger(queue_url).run(), 1)
    (again,) = await first(TuningJobStateChangeTrigger(queue_url).run(), 1)
    assert again == payload


async def test_details_are_those_of_the_end_even_if_describe_lags_behind_the_event(
    gated, gate, service, queue_url
):
    start = make(HyperParameterTuningJobOperator, config=gated, wait_for_completion=False, deferrable=False)
    job = await asyncio.to_thread(start.execute, TaskTry().context(start))
    early = {
        "id": "1",
        "detail-type": "SageMaker HyperParameter Tuning Job State Change",
        "detail": {
            "HyperParameterTuningJobName": job["tuning_job_name"],
            "HyperParameterTuningJobArn": job["tuning_job_arn"],
            "HyperParameterTuningJobStatus": "Completed",
        },
    }
    service.client("sqs").send_message(QueueUrl=queue_url, MessageBody=json.dumps(early))
    waiting = asyncio.create_task(first(TuningJobStateChangeTrigger(queue_url).run(), 1))
    async with asyncio.timeout(WAIT_SECONDS):
        while (await asyncio.to_thread(left, service, queue_url, "NotVisible")) < 1:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        gate.touch()
        (payload,) = await waiting
    assert payload["best_training_job"]["TrainingJobStatus"] == "Completed"
    assert payload["final_metric"] is not None


async def test_triggers_that_share_a_queue_each_get_their_events(config, service, queue_url, monkeypatch):
    """Through Airflow's own manager of shared streams, driven as the triggerer drives it."""
    stream = pytest.importorskip("airflow.triggers.shared_stream", reason="Airflow 3.3+")
    result = await asyncio.to_thread(run_job, config)
    service.client("sqs").send_message(QueueUrl=queue_url, MessageBody="poison")
    wanted = TuningJobStateChangeTrigger(queue_url, name_prefix=result["tuning_job_name"])
    other = TuningJobStateChangeTrigger(queue_url, name_prefix="nobody-")
    manager = stream.SharedStreamManager()
    got = []
    deliveries = Counter()
    receive = SqsQueue.receive

    async def counted(queue):
        messages = await receive(queue)
        deliveries.update(m.message_id for m in messages if '"Completed"' in m.body)
        return messages

    monkeypatch.setattr(SqsQueue, "receive", counted)

    async def consume(trigger_id, trigger):
        key = trigger.shared_stream_key()
        shared = manager.subscribe(trigger_id=trigger_id, trigger=trigger, key=key)
        async for event in trigger.filter_shared_stream(shared):
            seq = manager.bind_pending_event(trigger_id=trigger_id, key=key)
            got.append((trigger_id, event.payload, seq))

    tasks = [asyncio.create_task(consume(n, trigger)) for n, trigger in enumerate((wanted, other))]
    async with asyncio.timeout(WAIT_SECONDS):
        while not got:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    ((trigger_id, payload, seq),) = got
    assert (trigger_id, payload["status"]) == (0, "Completed")
    async with asyncio.timeout(WAIT_SECONDS):
        while max(deliveries.values()) < 3:  # noqa: ASYNC110 - the queue gives it two seconds
            await asyncio.sleep(0.05)
    assert left(service, queue_url) == 1, "it is not deleted before the event is stored"
    assert len(got) == 1, "and not reported again in the meantime"
    manager.confirm_persisted([seq])
    await empty(service, queue_url)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await manager.stop_all()


@pytest.mark.parametrize("kind", [HyperParameterTuningJobOperator, HyperParameterTuningJobSensor])
async def test_the_wait_ends_on_the_event_long_before_the_poll(gated, gate, service, queue_url, kind):
    one = TaskTry()
    start = make(HyperParameterTuningJobOperator, config=gated, wait_for_completion=False, deferrable=False)
    name = (await asyncio.to_thread(start.execute, one.context(start)))["tuning_job_name"]
    common = {"deferrable": True, "event_queue_url": queue_url}
    if kind is HyperParameterTuningJobSensor:
        task = make(kind, tuning_job_name=name, poke_interval=3000, timeout=3600, **common)
    else:
        task = make(kind, config=gated, poll_interval=3000, **common)
    with pytest.raises(TaskDeferred) as deferred:
        await asyncio.to_thread(task.execute, one.context(task))
    trigger = deferred.value.trigger
    watcher = await SharedPoller.current(ConnectionSettings(**trigger._settings.as_kwargs()))
    events = asyncio.create_task(anext(trigger.run()))
    async with asyncio.timeout(WAIT_SECONDS):
        while not any(w.last for waiters in watcher._waiters.values() for w in waiters):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        gate.touch()
        event = await events
    assert event.payload["status"] == "completed"
    assert event.payload["tuning_job_name"] == name


async def test_events_about_other_jobs_stay_in_the_queue_for_a_while(
    gated, gate, service, queue_url, config, monkeypatch
):
    monkeypatch.setattr(event_listener, "OTHERS_AGAIN", 0)
    start = make(HyperParameterTuningJobOperator, config=gated, wait_for_completion=False, deferrable=False)
    name = (await asyncio.to_thread(start.execute, TaskTry().context(start)))["tuning_job_name"]
    trigger = HyperParameterTuningJobTrigger(name, event_queue_url=queue_url)
    waiting = asyncio.create_task(anext(trigger.run()))
    stranger = {"HyperParameterTuningJobName": "stranger", "HyperParameterTuningJobArn": "arn",
                "HyperParameterTuningJobStatus": "Completed"}  # fmt: skip
    body = {
        "id": "1",
        "detail-type": "SageMaker HyperParameter Tuning Job State Change",
        "time": datetime.now(UTC).isoformat(),
        "detail": stranger,
    }
    service.client("sqs").send_message(QueueUrl=queue_url, MessageBody=json.dumps(body))
    gate.touch()
    async with asyncio.timeout(WAIT_SECONDS):
        assert (await waiting).payload["status"] == "completed"
    other = SqsQueue(queue_url, ConnectionSettings())
    async with asyncio.timeout(WAIT_SECONDS):
        names = [json.loads(m.body)["detail"]["HyperParameterTuningJobName"] for m in await other.receive()]
    other.close()
    assert "stranger" in names


@pytest.mark.parametrize("kind", [HyperParameterTuningJobOperator, HyperParameterTuningJobSensor])
def test_a_wait_that_is_given_a_queues_name_says_so_before_anything_is_created(config, hook, kind):
    wanted = {"config": config} if kind is HyperParameterTuningJobOperator else {"tuning_job_name": "job-1"}
    task = make(kind, deferrable=True, event_queue_url="tuning-jobs", **wanted)
    before = len(list(hook.list()))
    with pytest.raises(ValueError, match="event_queue_url must be a queue's URL"):
        task.execute(TaskTry().context(task))
    assert len(list(hook.list())) == before
