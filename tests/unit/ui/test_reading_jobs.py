"""How the page reads a job: few calls, the task's own connection, other people's jobs kept apart."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from airflow_hpt_provider.creation.ownership import OWNER_TAG
from airflow_hpt_provider.hooks.settings import ConnectionSettings
from airflow_hpt_provider.ui.airflow_hooks import make_hook
from airflow_hpt_provider.ui.jobs import UNOWNED_SECONDS, JobReader, JobView, _training_jobs, tags_of
from airflow_hpt_provider.ui.problems import Problem
from tests.unit.ui.test_job_document import description, trial


class Listing:
    """ListTrainingJobs..., newest first, in pages of 100; counts the pages."""

    def __init__(self, trials: list[Any]) -> None:
        self.trials_newest_first, self.pages = trials[::-1], 0

    def training_jobs(self, name: str, **_: Any) -> Any:
        for index, one in enumerate(self.trials_newest_first):
            self.pages += index % 100 == 0
            yield one


def of(count: int) -> Any:
    return description(TrainingJobStatusCounters={"Completed": count})


def test_all_pages_are_read_once_then_only_the_newest() -> None:
    first = Listing([trial(n, 1.0) for n in range(1, 951)])
    known, _ = _training_jobs(first, of(950), {})  # type: ignore[arg-type]
    assert (len(known), first.pages) == (950, 10)
    assert list(known) == [one.training_job_name for one in first.trials_newest_first[::-1]]
    later = Listing([trial(n, 1.0) for n in range(1, 961)])
    found, _ = _training_jobs(later, of(960), known)  # type: ignore[arg-type]
    assert (len(found), later.pages) == (960, 1)


def test_a_running_one_is_looked_for_until_it_is_found() -> None:
    trials = [trial(n, 1.0) for n in range(1, 301)]
    running = trials[20].model_copy(update={"training_job_status": "InProgress"})
    listing = Listing([*trials[:20], running, *trials[21:]])
    known, _ = _training_jobs(listing, of(300), {})  # type: ignore[arg-type]
    ended = Listing(trials)
    found, _ = _training_jobs(ended, of(300), known)  # type: ignore[arg-type]
    assert found[running.training_job_name].training_job_status == "Completed"
    assert ended.pages == 3


class Tags:
    """ListTags; raises or returns what it is given."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)

    def tags(self, arn: str) -> dict[str, str]:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return dict(answer)


def error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "ListTags")


def test_only_a_denial_counts_as_unreadable_tags() -> None:
    assert tags_of(Tags({"a": "b"}), "arn") == {"a": "b"}  # type: ignore[arg-type]
    assert tags_of(Tags(error("AccessDeniedException")), "arn") is None  # type: ignore[arg-type]
    for code in ("ThrottlingException", "InternalFailure", "ValidationException"):
        with pytest.raises(ClientError, match=code):
            tags_of(Tags(error(code)), "arn")  # type: ignore[arg-type]


def test_throttled_tags_are_a_problem_of_their_own_and_read_again() -> None:
    """Unlike a foreign job (403) and one that is gone (404), after seconds."""
    reader = JobReader(lambda _: Tags(error("ThrottlingException"), {OWNER_TAG: "x"}))  # type: ignore[arg-type, return-value]
    job: Any = SimpleNamespace(settings=ConnectionSettings(), name="job", key="key")
    with pytest.raises(Problem) as caught:
        reader.tags(job, "arn")
    assert (caught.value.status, caught.value.kind) == (504, "owner_unchecked")
    reader._tags.expire(f"arn {job.settings.key}")  # as after three seconds
    assert reader.tags(job, "arn") == {OWNER_TAG: "x"}


@pytest.mark.parametrize("tags", [None, {}, {"cost-center": "7"}])
def test_tags_that_name_no_owner_are_read_again_within_seconds(tags: Any) -> None:
    view = JobView(description(HyperParameterTuningJobStatus="Completed"), {}, tags)
    assert view.seconds <= UNOWNED_SECONDS < 10
    assert JobView(view.description, {}, {OWNER_TAG: "f" * 40}).seconds > view.seconds


def test_the_pages_time_outs_cannot_be_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SLOW", "aws://")
    slow = {"connect_timeout": 900, "read_timeout": 900, "retries": {"total_max_attempts": 99}}
    config: Any = make_hook(ConnectionSettings("slow", botocore_config=slow))._config
    plain: Any = make_hook(ConnectionSettings("slow"))._config
    for name in ("connect_timeout", "read_timeout", "retries"):
        assert getattr(config, name) == getattr(plain, name)


def test_links_to_the_page() -> None:
    from airflow_hpt_provider.links.page_urls import task_page
    from tests.support.page_addresses import bare_task_page

    assert task_page("d", "a+b:c", "g.t") == "/dags/d/runs/a%2Bb%3Ac/tasks/g.t/plugin/tuning"
    assert task_page("d", "r", "t", 3) == "/dags/d/runs/r/tasks/t/mapped/3/plugin/tuning"
    assert bare_task_page("d", "r", "t", 3) == "/hpt/task/d/r/t?map_index=3"


def test_the_plugin_loads_next_to_nothing_in_every_process() -> None:
    program = (
        "import sys, airflow.plugins_manager; before = set(sys.modules);"
        "import airflow_hpt_provider.ui.plugin; print(*sorted(set(sys.modules) - before))"
    )
    printed = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, check=True
    )
    loaded = set(printed.stdout.splitlines()[-1].split())
    assert {name.split(".")[0] for name in loaded} <= {"airflow_hpt_provider"}, loaded
    ours = {f"airflow_hpt_provider{name}" for name in ("", ".links", ".links.page_urls", ".ui", ".ui.plugin")}
    assert loaded <= ours


@pytest.mark.filterwarnings("ignore")
def test_views_have_relative_addresses_and_routes_of_their_own() -> None:
    from airflow_hpt_provider.ui.plugin import TuningPagePlugin

    views = [SimpleNamespace(**view) for view in TuningPagePlugin.external_views]
    assert {view.destination for view in views} == {"task_instance", "dag_run", "nav"}
    assert len({view.url_route for view in views}) == 3
    assert not any(view.href.startswith(("/", "http")) for view in views)


def test_only_an_api_server_has_the_listener():
    """With any listener Airflow refuses DAGs that have a task with ``end_from_trigger=True``."""
    code = """
from airflow.listeners.listener import get_listener_manager
from airflow.plugins_manager import AirflowPlugin
from airflow_hpt_provider.ui.plugin import TuningPagePlugin, register_listener
ours = lambda: [type(one).__name__ for one in get_listener_manager().pm.get_plugins()
                if type(one).__module__.startswith("airflow_hpt_provider")]
before = ours()
for _ in range(2):
    register_listener(None)
print(TuningPagePlugin.listeners == AirflowPlugin.listeners == [], before, ours())
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "True [] ['TaskStateListener']"
