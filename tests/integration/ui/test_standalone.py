"""The tuning page without Airflow: ``airflow-hpt page`` and ``airflow-hpt local serve --page``."""

from __future__ import annotations

import csv
import io
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import yaml

from airflow_hpt_provider.config.loading import validate
from airflow_hpt_provider.demo.processes import ChildProcess, stop_all
from airflow_hpt_provider.demo.service import LocalService
from airflow_hpt_provider.demo.waiting import wait_until
from benchmarks.page.jobs import fill
from tests.support.tuning_jobs import IMAGE, images_file, tuning_job

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
JOBS = 30
"""More than one page of the list holds."""
OURS = {"X-Requested-With": "tuning-page", "Sec-Fetch-Site": "same-origin"}
SCRIPT = Path(__file__).parents[1] / "provider" / "training" / "quick.py"
API = "/api/connections/aws/jobs"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalService]:
    folder = tmp_path_factory.mktemp("standalone")
    for number in range(JOBS):
        fill(folder / "service", f"filled-{number:02}", 4, seed=number, age=1000 - number)
    with LocalService(
        folder / "service", images_file(folder, SCRIPT), ["--readable", str(folder)]
    ) as running:
        running.client("s3").create_bucket(Bucket="tuning-tests")
        yield running


@pytest.fixture(scope="module")
def address(service: LocalService, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address that ``airflow-hpt page`` prints, in an environment without any Airflow settings."""
    folder = tmp_path_factory.mktemp("page")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    environment |= service.environment | {"AIRFLOW_HOME": str(folder / "never-made"), "HOME": str(folder)}
    page = ChildProcess(
        "page",
        [sys.executable, "-m", "airflow_hpt_provider.cli.main", "page", "--endpoint-url", service.endpoint],
        environment,
        folder / "page.log",
    )
    page.start()
    try:
        yield printed_address(page)
    finally:
        stop_all([page])


def printed_address(process: ChildProcess) -> str:
    def found() -> str | None:
        process.check()
        match = re.search(r"http://127\.0\.0\.1:\d+/\?token=\S+", process.log.read_text())
        return match and match[0]

    return str(wait_until(found, 120, f"no address; log: {process.log}"))


@pytest.fixture
def user(address: str) -> Iterator[httpx.Client]:
    """A browser's session after the printed address was opened."""
    base = address.partition("/?")[0]
    with httpx.Client(base_url=base, trust_env=False, timeout=60) as client:
        assert client.get(address).status_code == 303
        yield client


def test_the_address_opens_the_page_and_does_not_stay_in_it(address: str) -> None:
    with httpx.Client(trust_env=False, follow_redirects=True) as client:
        answer = client.get(address)
    assert [one.status_code for one in answer.history] == [303, 303]
    cookie = answer.history[0].headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert urlsplit(str(answer.url)).path == "/connections/aws"
    assert "token" not in str(answer.url)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"] or answer.status_code == 503


@pytest.mark.parametrize("path", ["/", "/connections/aws", API, f"{API}/filled-00", "/static/icon.svg"])
def test_nothing_without_the_token(address: str, path: str) -> None:
    base = address.partition("/?")[0]
    token = parse_qs(urlsplit(address).query)["token"][0]
    port, wrong = urlsplit(address).port, f"Bearer {token[:-1]}"
    for headers in (
        {},
        {"Authorization": wrong},
        {"Authorization": "Bearer"},
        {"Cookie": f"tuning-page-{port}=x"},
    ):
        assert httpx.get(f"{base}{path}", headers=headers, trust_env=False).status_code == 401
    assert httpx.get(f"{base}{path}?token={token[:-1]}", trust_env=False).status_code == 401
    assert (
        httpx.post(f"{base}{API}/filled-00/stop?token={token}", headers=OURS, trust_env=False).status_code
        == 401
    )


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1", "127.0.0.1.evil.example"])
def test_another_hosts_name_is_refused(address: str, user: httpx.Client, host: str) -> None:
    token = parse_qs(urlsplit(address).query)["token"][0]
    answer = user.get(API, headers={"Host": host, "Authorization": f"Bearer {token}"})
    assert answer.status_code == 403
    assert "filled" not in answer.text


def test_no_other_site_may_read(user: httpx.Client) -> None:
    answer = user.get(API, headers={"Origin": "https://evil.example"})
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]
    asked = user.request(
        "OPTIONS", API, headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}
    )
    assert asked.status_code == 405


def test_the_list_comes_in_pages_with_metric_best_and_owner(user: httpx.Client) -> None:
    first = user.get(API).json()
    assert len(first["jobs"]) == 25
    assert first["hidden"] == 0
    assert {row["metric"] for row in first["jobs"]} == {"validation:logloss"}
    assert all(0 < row["final_metric"] < 5 for row in first["jobs"])
    rest = user.get(API, params={"before": first["older"]}).json()
    assert rest["older"] is None
    names = [row["name"] for row in (*first["jobs"], *rest["jobs"])]
    assert len(set(names)) == len(names) >= JOBS
    assert {f"filled-{number:02}" for number in range(JOBS)} <= set(names)


def test_sorting_and_filtering_are_sagemakers(user: httpx.Client) -> None:
    rows = user.get(API, params={"sort": "name", "order": "ascending", "contains": "filled-1"}).json()["jobs"]
    assert [row["name"] for row in rows] == [f"filled-1{digit}" for digit in range(10)]
    assert user.get(API, params={"contains": "a/b"}).status_code == 422


def test_one_job_and_its_downloads(user: httpx.Client) -> None:
    answer = user.get(f"{API}/filled-07")
    assert answer.json()["job"]["name"] == "filled-07"
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.json()["page"] == {"connection": "aws", "can_stop": False}
    again = user.get(f"{API}/filled-07", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    table = list(csv.DictReader(io.StringIO(user.get(f"{API}/filled-07/training-jobs.csv").text)))
    assert [row["training_job_name"] for row in table] == answer.json()["training_jobs"]["name"]
    assert user.get(f"{API}/no-such-job").json()["kind"] == "job_gone"
    assert user.get(f"{API}/%2e%2e").status_code in (404, 422)
    assert user.get("/api/connections/other/jobs").json()["kind"] == "no_connection"


def test_a_request_like_the_jobs_is_accepted_by_the_service(
    user: httpx.Client, service: LocalService
) -> None:
    answer = user.get(f"{API}/filled-07/request.yaml")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="filled-07.yaml"'
    request = validate(yaml.safe_load(answer.text)).with_name("cloned").to_aws()
    # What the filled job names does not exist here.
    request["TrainingJobDefinition"]["AlgorithmSpecification"]["TrainingImage"] = IMAGE
    request["TrainingJobDefinition"]["OutputDataConfig"]["S3OutputPath"] = "s3://tuning-tests/models"
    sagemaker = service.client("sagemaker")
    sagemaker.create_hyper_parameter_tuning_job(**request)
    try:
        first, second = (user.get(f"{API}/{name}").json()["parameters"] for name in ("filled-07", "cloned"))
        assert first == second
    finally:
        sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName="cloned")


def test_stopping(user: httpx.Client, service: LocalService) -> None:
    sagemaker = service.client("sagemaker")
    never = str(service.data_dir / "never")
    sagemaker.create_hyper_parameter_tuning_job(
        HyperParameterTuningJobName="to-stop", **tuning_job("tuning-tests", gate=never)
    )
    assert user.get(f"{API}/to-stop").json()["page"]["can_stop"] is True
    assert user.post(f"{API}/to-stop/stop").status_code == 403
    assert (
        user.post(f"{API}/to-stop/stop", headers={**OURS, "Sec-Fetch-Site": "cross-site"}).status_code == 403
    )
    assert user.post(f"{API}/to-stop/stop", headers=OURS).json() == {"stopped": True}

    def status() -> str:
        found = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName="to-stop")
        return str(found["HyperParameterTuningJobStatus"])

    wait_until(lambda: status() == "Stopped", 60, "the job was not stopped")


def test_the_process_uses_nothing_of_airflows(address: str, service: LocalService, tmp_path: Path) -> None:
    """With Airflow blocked, the command serves the list."""
    blocker = tmp_path / "sitecustomize.py"
    blocker.write_text(
        "import sys\n"
        "class WithoutAirflow:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] == 'airflow':\n"
        "            raise ModuleNotFoundError(f'No module named {name!r}', name='airflow')\n"
        "sys.meta_path.insert(0, WithoutAirflow())\n"
    )
    page = ChildProcess(
        "page",
        [sys.executable, "-m", "airflow_hpt_provider.cli.main", "page", "--endpoint-url", service.endpoint],
        os.environ | service.environment | {"PYTHONPATH": str(tmp_path)},
        tmp_path / "page.log",
    )
    page.start()
    try:
        opened = printed_address(page)
        with httpx.Client(base_url=opened.partition("/?")[0], trust_env=False, timeout=60) as client:
            client.get(opened)
            assert len(client.get(API).json()["jobs"]) == 25
    finally:
        stop_all([page])
    with pytest.raises(httpx.HTTPError):
        httpx.get(opened, trust_env=False)


def test_the_local_service_serves_its_page(tmp_path: Path) -> None:
    fill(tmp_path / "data", "filled", 3)
    with subprocess.Popen(
        [
            sys.executable,
            "-m",
            "airflow_hpt_provider.cli.main",
            "local",
            "serve",
            "--page",
            "--data-dir",
            str(tmp_path / "data"),
        ],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(2)]
            address = lines[1].split()[-1]
            with httpx.Client(base_url=address.partition("/?")[0], trust_env=False, timeout=60) as client:
                client.get(address)
                rows = client.get("/api/connections/local/jobs").json()["jobs"]
            assert [row["name"] for row in rows] == ["filled"]
        finally:
            process.terminate()
            started = time.monotonic()
            assert process.wait(60) == 0
    assert time.monotonic() - started < 60
