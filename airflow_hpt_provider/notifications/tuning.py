"""``TuningJobNotifier``: what a tuning task has found, as the text of a Slack, SMTP or other notifier."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any

from airflow.sdk.bases.notifier import BaseNotifier

from airflow_hpt_provider.compat import redact
from airflow_hpt_provider.links.tuning import BestTrainingJobLink, TuningJobLink
from airflow_hpt_provider.models.printable import printable
from airflow_hpt_provider.models.secret_values import without_url_passwords
from airflow_hpt_provider.xcom.push import BEST_TRAINING_JOB, TUNING_JOB_NAME

if TYPE_CHECKING:
    from airflow.sdk import Context


class TuningJobNotifier(BaseNotifier):
    """Send a message about a tuning task by another provider's notifier.

    For example, as a task's callback::

        on_success_callback=TuningJobNotifier(SlackNotifier, text="text", slack_conn_id="slack", channel="#ml")

    The message names the task, its tuning job, the best training job with its metric and hyperparameters, the links to
    the console (on AWS), and after a failure the error. It serves all callbacks of a task:
    on_success_callback, on_failure_callback, on_retry_callback and on_skipped_callback.

    Args:
        notifier: the other notifier's class.
        text: the argument of that class that takes the message, such as ``text`` of SlackNotifier and
            ``html_content`` of SmtpNotifier.
        html: write the message as HTML; default False: plain text.
        **arguments: the class's other arguments; they may be templates where the class allows it.

    Raises:
        TypeError: ``arguments`` holds the one that takes the message.
    """

    def __init__(
        self, notifier: type[BaseNotifier], *, text: str, html: bool = False, **arguments: Any
    ) -> None:
        super().__init__()
        if text in arguments:
            raise TypeError(f"{text} must not be given to TuningJobNotifier: it writes the message.")
        self.notifier, self.text, self.html, self.arguments = notifier, text, html, arguments

    def notify(self, context: Context) -> None:
        """Write the message and send it."""
        message = message_of(context)
        # The message leaves Airflow, whose masker knows the secrets of the task.
        message = without_url_passwords(str(redact(message)))
        if self.html:
            message = f"<pre>{escape(message)}</pre>"
        # The other notifier renders its arguments as templates, but the message holds values that a training script,
        # or the person who triggered the run, has chosen.
        self.notifier(**{**self.arguments, self.text: "{{ " + _as_jinja_text(message) + " }}"})(context)


def message_of(context: Mapping[str, Any]) -> str:
    """Return what there is to say about a tuning task, as lines of plain text.

    Args:
        context: of a task's callback.
    """
    ti: Any = context["ti"]
    found = _Found(ti)
    lines = [f"{ti.dag_id}.{ti.task_id}, run {ti.run_id}: {getattr(ti, 'state', None) or 'ended'}"]
    if name := found(TUNING_JOB_NAME):
        lines.append(f"Tuning job: {name}")
    if isinstance(best := found(BEST_TRAINING_JOB), Mapping):
        lines += _best(best)
    for link in (TuningJobLink(), BestTrainingJobLink()):
        if url := found(link.xcom_key):
            lines.append(f"{link.name}: {url}")
    if error := context.get("exception"):
        lines.append(f"Error: {error}")
    return "\n".join(printable(line) for line in lines)


def _best(best: Mapping[str, Any]) -> list[str]:
    metric = best.get("FinalHyperParameterTuningJobObjectiveMetric") or {}
    lines = [f"Best training job: {best.get('TrainingJobName')}"]
    if metric:
        lines.append(f"{metric.get('MetricName')}: {metric.get('Value')}")
    lines += [f"  {name} = {value}" for name, value in (best.get("TunedHyperParameters") or {}).items()]
    return lines


class _Found:
    """The task's XComs. Airflow logs an error for one that does not exist, unless all map indexes are asked for."""

    def __init__(self, ti: Any) -> None:
        self._ti = ti

    def __call__(self, key: str) -> Any:
        found = self._ti.xcom_pull(task_ids=self._ti.task_id, key=key)
        if found and self._ti.map_index >= 0:
            return self._ti.xcom_pull(task_ids=self._ti.task_id, key=key, map_indexes=self._ti.map_index)
        return found


def _as_jinja_text(text: str) -> str:
    """Return a text as a literal of Jinja's, which reads the escapes of Python's literals."""
    escaped = "".join(
        character if character.isalnum() or character in " .,:;=-_/" else f"\\U{ord(character):08x}"
        for character in text
    )
    return f'"{escaped}"'
