"""A job is stopped if no try of its task resumes it, and only then."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import FunctionType

import pytest
from airflow.sdk.execution_time import comms
from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance
from botocore.exceptions import ClientError

from airflow_hpt_provider.compat import AirflowFailException, TaskDeferred, has
from airflow_hpt_provider.exceptions import (
    TuningTaskInterruptedError,
)
from airflow_hpt_provider.result.resolve import OutcomeResolver
from tests.integration.provider.conftest import TaskTry, jobs_of, wait_for
from tests.integration.provider.stopping import ENDED, NOT_ENDED, STOPPED, UNKNOWN, deferred, ended, tune

pytestmark = pytest.mark.integration
ONE_TRY = Path(__file__).parent / "processes" / "one_try.py"


@pytest.mark.parametrize("state", ENDED + NOT_ENDED + UNKNOWN, ids=str)
def test_a_killed_process_stops_the_job_only_if_its_task_has_ended(
    state, gated, gate, first_try, hook, airflow_says
):
    """Whatever becomes of the job, this try raises what Airflow retries."""
    airflow_says(first_try, state)
    task = tune(gated)
    first_try.once_running(lambda _: task.on_kill())
    with pytest.raises(TuningTaskInterruptedError) as raised:
        task.execute(first_try.context(task))
    assert not isinstance(raised.value, AirflowFailException)
    name = first_try.xcom["tuning_job_name"]
    assert raised.value.tuning_job_name == name
    assert (hook.describe(name).status in STOPPED) is (state in ENDED)


@pytest.mark.parametrize("on_stopped", ["use_best", "skip"])
def test_a_killed_try_delivers_nothing(on_stopped, gated, gate, first_try, hook, airflow_says):
    """A user marks the task, then the process is asked to end: half a search is not its result."""
    airflow_says(first_try, "success")
    task = tune(gated, on_stopped=on_stopped)

    def die(name):
        gate.touch()
        wait_for(hook, name, "Completed")
        task.on_kill()

    first_try.once_running(die)
    with pytest.raises(TuningTaskInterruptedError):
        task.execute(first_try.context(task))
    assert "return_value" not in first_try.xcom
    assert "best_training_job" not in first_try.xcom


def test_killed_while_the_result_is_made(config, first_try, hook, airflow_says):
    """The last moment: everything is read, nothing is delivered yet. The next try delivers."""
    airflow_says(first_try, "running")
    task = tune(config)
    resolve = OutcomeResolver.resolve

    def resolve_and_die(self, *args, **kwargs):
        task.on_kill()
        return resolve(self, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(OutcomeResolver, "resolve", resolve_and_die)
        with pytest.raises(TuningTaskInterruptedError):
            task.execute(first_try.context(task))
    assert "best_training_job" not in first_try.xcom
    again, name = first_try.retry(), first_try.xcom["tuning_job_name"]
    task = tune(config)
    assert task.execute(again.context(task))["tuning_job_name"] == name


def test_a_killed_try_creates_no_further_attempt(first_try, hook, config, airflow_says):
    """The job has failed in the meantime, and retry_strategy would make another."""
    airflow_says(first_try, "running")
    config["HyperParameterTuningJobName"] = f"hopeless-{first_try.run_id[-6:]}"
    task = tune(config, retry_strategy=2)

    def die(name):
        wait_for(hook, name, "Failed")
        task.on_kill()

    first_try.once_running(die)
    with pytest.raises(TuningTaskInterruptedError):
        task.execute(first_try.context(task))
    assert len(list(hook.list(name_contains=config["HyperParameterTuningJobName"]))) == 1


@pytest.mark.parametrize(
    ("state", "stops"),
    [("running", True), ("failed", True), ("restarting", False), (None, False), (*UNKNOWN, False)],
    ids=str,
)
def test_killed_in_the_last_try(state, stops, gated, gate, first_try, hook, airflow_says):
    """Airflow fails the task, and calls back: then the job is stopped. Not if it was cleared, or nothing is known."""
    airflow_says(first_try, state)
    task = tune(gated)
    first_try.once_running(lambda _: task.on_kill())
    with pytest.raises(TuningTaskInterruptedError):
        task.execute(first_try.context(task))
    name = first_try.xcom["tuning_job_name"]
    if state == "running":
        assert hook.describe(name).status == "InProgress"
    ended(task, first_try)
    assert (hook.describe(name).status in STOPPED) is stops


@pytest.mark.parametrize("status", [404, 500])
def test_killed_in_a_last_try_that_another_one_has_replaced(
    status, gated, gate, first_try, hook, airflow_says
):
    """Its worker was cut off, and a user has cleared the task: the job belongs to the try that runs now."""
    airflow_says(first_try, "running", status)
    task = tune(gated)
    first_try.once_running(lambda _: task.on_kill())
    with pytest.raises(TuningTaskInterruptedError):
        task.execute(first_try.context(task))
    ended(task, first_try)
    assert hook.describe(first_try.xcom["tuning_job_name"]).status == "InProgress"


def test_a_killed_try_in_deferrable_mode_defers_all_the_same(gated, gate, first_try, hook, airflow_says):
    """Its node is drained in its first second on the worker: the trigger waits, and no try is lost."""
    airflow_says(first_try, "running")
    task = tune(gated, deferrable=True)
    first_try.once_running(lambda _: task.on_kill())
    with pytest.raises(TaskDeferred):
        task.execute(first_try.context(task))
    assert hook.describe(first_try.xcom["tuning_job_name"]).status == "InProgress"


def test_a_killed_try_in_deferrable_mode_stops_the_job_of_a_marked_task(
    gated, gate, first_try, hook, airflow_says
):
    airflow_says(first_try, "failed")
    task = tune(gated, deferrable=True)
    first_try.once_running(lambda _: task.on_kill())
    with pytest.raises(TuningTaskInterruptedError):
        task.execute(first_try.context(task))
    assert hook.describe(first_try.xcom["tuning_job_name"]).status in STOPPED


def test_killed_while_it_asks_airflow_something_else(gated, gate, first_try, hook, airflow_says):
    """The signal handler cannot ask then, and does not wait; the task's code asks when it is back."""
    asked, handler = [], []
    airflow_says(first_try, "failed")
    say = RuntimeTaskInstance.get_task_states
    task = tune(gated, deferrable=True)

    def states(**kwargs):
        asked.append(len(handler))
        return say(**kwargs)

    def send():  # as in airflow.sdk.execution_time.comms
        task.on_kill()
        handler.append("is back")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RuntimeTaskInstance, "get_task_states", staticmethod(states))
        in_comms = FunctionType(send.__code__, comms.__dict__, closure=send.__closure__)
        first_try.once_running(lambda _: in_comms())
        with pytest.raises(TuningTaskInterruptedError):
            task.execute(first_try.context(task))
    assert asked == [1]
    assert hook.describe(first_try.xcom["tuning_job_name"]).status in STOPPED


def test_sigterm_of_a_waiting_worker(gated, gate, tmp_path, hook):
    """Airflow cannot be asked there: the process ends soon, and its next try finds the job running."""
    one, file = TaskTry(), tmp_path / "config.json"
    file.write_text(json.dumps(gated))
    process = subprocess.Popen(
        [sys.executable, str(ONE_TRY), str(file), one.run_id, "--wait", "--poll-interval", "600"],
        env={**os.environ, "PYTHONPATH": "."},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    deadline = time.monotonic() + 120
    while not (mine := jobs_of(hook, one)):
        assert time.monotonic() < deadline
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=120)
    assert "TuningTaskInterruptedError" in output
    assert {hook.describe(name).status for name in mine} == {"InProgress"}


def test_killed_in_the_middle_of_create(gated, gate, first_try, hook, airflow_says):
    """There is nothing to stop yet when on_kill comes; if the task has ended, the job is stopped once it exists."""
    airflow_says(first_try, "failed")
    task = tune(gated)
    events = task.hook.conn.meta.events
    events.register("before-call.sagemaker.CreateHyperParameterTuningJob", lambda **_: task.on_kill())
    with pytest.raises(TuningTaskInterruptedError):
        task.execute(first_try.context(task))
    wait_for(hook, first_try.xcom["tuning_job_name"], "Stopped")


def test_nothing_of_anybody_elses_is_stopped(gated, gate, first_try, hook):
    """Neither a kill nor a failure before the job is one's own touches a job of the same name."""
    name = f"given-{first_try.run_id[-12:]}"
    hook.call("create_hyper_parameter_tuning_job", **gated, HyperParameterTuningJobName=name)
    task = tune({**gated, "HyperParameterTuningJobName": name})
    with pytest.raises(Exception, match="has no owner tag"):
        task.execute(first_try.context(task))
    task.on_kill()
    ended(task, first_try)
    assert hook.describe(name).status == "InProgress"


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit])
def test_ended_by_hand(interruption, gated, gate, first_try, hook):
    """Ctrl-C in `dag.test()`."""

    def interrupt(name):
        raise interruption

    first_try.max_tries = 3
    first_try.once_running(interrupt)
    task = tune(gated)
    with pytest.raises(interruption):
        task.execute(first_try.context(task))
    assert hook.describe(first_try.xcom["tuning_job_name"]).status in STOPPED


def test_a_failure_right_after_create(gated, gate, first_try, hook):
    """The API server is gone when the name is to be written: the last try stops the job, an earlier one does not."""

    def fail(name):
        raise ConnectionError("no API server")

    for tries, statuses in ((1, {"InProgress"}), (0, STOPPED)):
        one = first_try.retry()
        one.run_id, one.try_number, one.max_tries = f"{first_try.run_id}-{tries}", 1, tries
        one.once_running(fail)
        task = tune(gated)
        with pytest.raises(ConnectionError):
            task.execute(one.context(task))
        assert hook.describe(one.xcom["tuning_job_name"]).status in statuses


@pytest.mark.skipif(not has("retry_policy"), reason="Airflow 3.3+")
@pytest.mark.parametrize("with_policy", [False, True])
def test_a_policy_that_fails_the_task_leaves_no_job_behind(with_policy, gated, gate, first_try, hook):
    """There are retries left, but the policy does not use them: no try would resume the job."""
    from airflow_hpt_provider.retries.policy import TuningRetryPolicy

    def deny(name):
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "DescribeIt")

    first_try.max_tries = 3
    first_try.once_running(deny)
    task = tune(gated, retries=3, **({"retry_policy": TuningRetryPolicy()} if with_policy else {}))
    with pytest.raises(ClientError):
        task.execute(first_try.context(task))
    status = hook.describe(first_try.xcom["tuning_job_name"]).status
    assert (status in STOPPED) is with_policy


def test_stop_on_kill_false_says_where_the_job_keeps_running(
    gated, gate, first_try, hook, capsys, airflow_says
):
    airflow_says(first_try, "failed")
    task, _ = deferred(gated, first_try, stop_on_kill=False)
    task.on_kill()
    name = first_try.xcom["tuning_job_name"]
    reported = capsys.readouterr().out
    assert first_try.xcom["_link_TuningPageLink"] in reported, "a local job has no page in AWS's console"
    assert f"--hyper-parameter-tuning-job-name {name}" in reported
    assert hook.describe(name).status == "InProgress"


def test_execution_timeout(gated, gate, first_try, hook):
    """Airflow's own timeout of a worker's leg: its runner calls on_kill, whatever is left of the retries."""
    from airflow.sdk.exceptions import AirflowTaskTimeout
    from airflow.sdk.execution_time.timeout import timeout

    limit = timeout(1)

    def as_the_runner_does():
        try:
            task.execute(first_try.context(task))
        except AirflowTaskTimeout:
            task.on_kill()
            raise
        finally:
            limit.__exit__(None, None, None)

    first_try.max_tries = 3
    first_try.once_running(lambda _: limit.__enter__())  # however long it took until then
    task = tune(gated)
    with pytest.raises(AirflowTaskTimeout):
        as_the_runner_does()
    assert hook.describe(first_try.xcom["tuning_job_name"]).status in STOPPED


def test_execution_timeout_in_the_middle_of_create(gated, gate, first_try, hook):
    """The request is on its way when the time is over: the job exists only when on_kill has begun."""
    from airflow.sdk.exceptions import AirflowTaskTimeout

    def on_its_way(params, **_):
        arguments = json.loads(params["body"])
        threading.Timer(1.0, lambda: hook.call("create_hyper_parameter_tuning_job", **arguments)).start()
        raise AirflowTaskTimeout

    task = tune(gated)
    task.hook.conn.meta.events.register("before-call.sagemaker.CreateHyperParameterTuningJob", on_its_way)
    try:
        task.execute(first_try.context(task))
    except AirflowTaskTimeout:
        task.on_kill()  # as the runner does
    [name] = jobs_of(hook, first_try)
    assert hook.describe(name).status in STOPPED


@pytest.mark.parametrize("state", ["failed", "running"])
def test_killed_before_it_is_taken_up_again(state, gated, gate, first_try, hook, airflow_says):
    """SIGTERM comes when the worker has begun to render, and ``execute_complete`` has not begun."""
    airflow_says(first_try, state)
    first_try.max_tries = 3
    _, waiting = deferred(gated, first_try)
    again = tune(gated, deferrable=True)
    again.on_kill()
    event = {"status": "unreachable", "message": "out of reach"}
    with pytest.raises(TuningTaskInterruptedError, match="out of reach"):
        again.execute_complete(first_try.context(again), event=event, **waiting.kwargs)
    stopped = hook.describe(waiting.kwargs["tuning_job_name"]).status in STOPPED
    assert stopped is (state == "failed")


def test_asked_to_stop_twice(gated, gate, first_try, hook, capsys, airflow_says):
    airflow_says(first_try, "failed")
    task, _ = deferred(gated, first_try)
    task.on_kill()
    task.on_kill()
    ended(task, first_try)
    assert hook.describe(first_try.xcom["tuning_job_name"]).status in STOPPED
    assert "Could not stop" not in capsys.readouterr().out


def test_killed_before_create(gated, first_try, hook):
    task = tune(gated)
    events = task.hook.conn.meta.events
    events.register("before-call.sagemaker.DescribeHyperParameterTuningJob", lambda **_: task.on_kill())
    with pytest.raises(TuningTaskInterruptedError, match="creates none"):
        task.execute(first_try.context(task))
    assert not jobs_of(hook, first_try)
