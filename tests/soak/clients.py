"""Clients of SageMaker: each creates its tuning jobs, watches them to their end, and stops some."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from tests.support.tuning_jobs import tuning_job

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_hpt_provider.demo.service import LocalService

T = TypeVar("T")
ENDED = {"Completed", "Failed", "Stopped"}
AT_A_TIME = 3
"""Tuning jobs of one client that run concurrently."""
TRIALS = 3


def unmodified_client(service: LocalService, name: str) -> Any:
    """Return a client without retries of its own: the soak counts what fails."""
    import boto3
    from botocore.config import Config

    make: Any = boto3.client
    environment = service.environment
    return make(
        name,
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        region_name=environment["AWS_DEFAULT_REGION"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        config=Config(retries={"total_max_attempts": 1}, read_timeout=20, connect_timeout=5),
    )


@dataclass
class Ledger:
    """What the clients of SageMaker know.

    Attributes:
        created: names of tuning jobs whose creation was confirmed, by a response or by ResourceInUse.
        ended: name -> status that the client saw at the end.
        stopped: names for which a stop was confirmed.
        lost: calls whose response did not arrive.
        calls: calls in all.
        faults: what must not happen.
    """

    created: set[str] = field(default_factory=set)
    ended: dict[str, str] = field(default_factory=dict)
    stopped: set[str] = field(default_factory=set)
    lost: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    faults: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


class TuningClient(threading.Thread):
    """One client, in a thread.

    Args:
        service: the local service, which is killed now and then.
        ledger: shared by all clients.
        number: names its jobs.
        jobs: how many it creates.
        seconds: over what time it spreads them.
        give_up: seconds of the monotonic clock after which it ends, whatever runs.
    """

    def __init__(
        self,
        service: LocalService,
        ledger: Ledger,
        number: int,
        jobs: int,
        seconds: float,
        give_up: float,
        seed: int,
    ) -> None:
        super().__init__(name=f"client {number}", daemon=True)
        self._service, self._ledger, self._number = service, ledger, number
        self._jobs, self._pace, self._give_up = jobs, seconds / max(1, jobs), give_up
        self._choices = random.Random(f"{seed} {number}")

    def run(self) -> None:
        """Work; what goes wrong is a fault in the ledger."""
        try:
            self._work()
        except Exception as error:
            self._ledger.faults.append(f"{self.name}: {type(error).__name__}: {error}")

    def _work(self) -> None:
        sagemaker = unmodified_client(self._service, "sagemaker")
        running: list[str] = []
        began = time.monotonic()
        for index in range(self._jobs):
            due = began + index * self._pace
            while time.monotonic() < due or len(running) >= AT_A_TIME:
                self._watch(sagemaker, running)
            running.append(self._create(sagemaker, f"soak-{self._number}-{index}"))
        while running:
            self._watch(sagemaker, running)

    def _create(self, sagemaker: Any, name: str) -> str:
        body = tuning_job("soak", trials=TRIALS, parallel=2, kind=self._choices.choice(("quick", "slow")))

        def create() -> None:
            try:
                sagemaker.create_hyper_parameter_tuning_job(HyperParameterTuningJobName=name, **body)
            except ClientError as error:
                if error.response["Error"]["Code"] != "ResourceInUse":
                    raise  # else the lost response was a success

        self._sent("Create", create)
        with self._ledger.lock:
            self._ledger.created.add(name)
        return name

    def _watch(self, sagemaker: Any, running: list[str]) -> None:
        time.sleep(0.25)
        if time.monotonic() > self._give_up:
            raise TimeoutError(f"{running} have not ended")
        for name in list(running):
            job = self._sent(
                "Describe",
                lambda name=name: sagemaker.describe_hyper_parameter_tuning_job(
                    HyperParameterTuningJobName=name
                ),
            )
            status = job["HyperParameterTuningJobStatus"]
            if status in ENDED:
                running.remove(name)
                with self._ledger.lock:
                    self._ledger.ended[name] = status
            elif self._choices.random() < 0.02:
                self._stop_job(sagemaker, name)
        if self._choices.random() < 0.3:
            self._sent(
                "List", lambda: sagemaker.list_hyper_parameter_tuning_jobs(NameContains="soak", MaxResults=10)
            )
        if self._choices.random() < 0.1:
            self._sent("Search", lambda: sagemaker.search(Resource="HyperParameterTuningJob", MaxResults=5))

    def _stop_job(self, sagemaker: Any, name: str) -> None:
        def stop() -> bool:
            try:
                sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
            except ClientError as error:
                if error.response["Error"]["Code"] != "ValidationException":
                    raise
                return False  # it has ended, or is stopping already
            return True

        if self._sent("Stop", stop):
            with self._ledger.lock:
                self._ledger.stopped.add(name)

    def _sent(self, operation: str, call: Callable[[], T]) -> T:
        return repeated(self._ledger, operation, call, self._give_up)


def repeated(ledger: Any, operation: str, call: Callable[[], T], give_up: float) -> T:
    """Make a call until it has a response: the service may be dead for a moment."""
    while True:
        with ledger.lock:
            ledger.calls += 1
        try:
            return call()
        except BotoCoreError:
            with ledger.lock:
                ledger.lost[operation] += 1
            if time.monotonic() > give_up:
                raise
            time.sleep(0.2)
