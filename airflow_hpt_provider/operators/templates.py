"""Renders the templates in an operator's or sensor's arguments, and leaves other values unchanged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import SimpleNamespace
from typing import Any, Final

from airflow_hpt_provider.exceptions import TuningJobConfigError

MAY_BE_NOTHING: Final = frozenset(
    {
        "botocore_config",
        "event_queue_url",
        "inference_image",
        "max_billable_seconds",
        "max_failed_training_jobs",
        "min_metric",
        "model_package_config",
        "on_budget_exceeded",
        "poll_interval",
        "region_name",
        "retry_strategy",
        "timeout",
        "verify",
    }
)
"""Arguments that count as not given when their template renders to nothing. Other arguments then raise an error."""


def holds_template(text: str) -> bool:
    """Whether Jinja has anything to render in a text."""
    return "{{" in text or "{%" in text


class TemplatesMixin:
    """Renders templates only, and keeps the text that a template makes.

    Airflow renders every string of a template field. With ``render_template_as_native_obj=True`` Jinja then reads each
    result as a Python literal, which makes the number 1.1 of the text ``"1.10"``. Here a string without a template is
    left alone; a template that is one expression gives the expression's value, a list say; any other gives its text.

    What renders to ``None`` or to nothing is not given: it becomes None.
    """

    def render_template(self, content: Any, context: Any, *args: Any, **kwargs: Any) -> Any:
        """Return the content with its templates rendered and other strings unchanged."""
        if isinstance(content, str) and not holds_template(content):
            return content
        rendered = super().render_template(content, context, *args, **kwargs)  # type: ignore[misc]
        if not isinstance(content, str):
            return rendered
        if rendered is None or (isinstance(rendered, str) and rendered.strip() in {"", "None"}):
            self.__dict__.setdefault("_rendered_to_nothing", []).append(content)
            return None
        return rendered

    def _render(self, template: Any, context: Any, dag: Any = None) -> Any:
        native = getattr(self, "render_template_as_native_obj", None)
        if native is None:
            dag = dag or self.get_dag()  # type: ignore[attr-defined]
            native = getattr(dag, "render_template_as_native_obj", False)
        if not native:
            return super()._render(template, context, dag)  # type: ignore[misc]
        rendered = super()._render(_text_kept(template), context, dag)  # type: ignore[misc]
        return rendered.text if isinstance(rendered, _Text) else rendered

    def _do_render_template_fields(
        self, parent: Any, template_fields: Iterable[str], *args: Any, **kwargs: Any
    ) -> None:
        fields = list(template_fields)
        written = {field: getattr(parent, field, None) for field in fields}
        super()._do_render_template_fields(parent, fields, *args, **kwargs)  # type: ignore[misc]
        if parent is not self and not isinstance(parent, TemplatesMixin):
            return
        for field, template in written.items():
            given = isinstance(template, str) and holds_template(template)
            if given and getattr(parent, field) is None and field not in MAY_BE_NOTHING:
                raise TuningJobConfigError(
                    f"{field} must have a value, but its template {template!r} renders to nothing. "
                    "Give the param or variable that it names a value, or the template a default."
                )

    @property
    def _nothing(self) -> str:
        """A line for an error message: which templates have rendered to nothing; empty if none has."""
        templates = dict.fromkeys(self.__dict__.get("_rendered_to_nothing", ()))
        if not templates:
            return ""
        return (
            f"\nThese templates render to nothing and count as not given: {', '.join(map(repr, templates))}."
        )


class _Text(SimpleNamespace):
    """Text that Jinja's ``native_concat`` hands on, because it is no string."""

    text: str


def _text_kept(template: Any) -> Any:
    """Render a template as Airflow does, and return text as :class:`_Text`."""
    from jinja2 import Undefined

    def nodes(context: Any) -> Iterator[Any]:
        made = list(template.root_render_func(context))
        if len(made) == 1 and not isinstance(made[0], str | Undefined):
            yield made[0]
        else:
            yield _Text(text="".join(map(str, made)))

    return SimpleNamespace(
        environment=template.environment,
        globals=template.globals,
        name=template.name,
        blocks=template.blocks,
        root_render_func=nodes,
    )
