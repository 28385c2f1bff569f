"""How operators, sensors and triggers render the templates in their arguments."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from types import SimpleNamespace
from typing import Any, Final

from airflow_hpt_provider.exceptions import TuningJobConfigError

OPTIONAL: Final = frozenset(
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
"""Arguments for which a template that renders to nothing means: not given. For any other it is an error."""


def holds_template(text: str, environment: Any = None) -> bool:
    """Return whether Jinja has anything to render in a text.

    Args:
        text: what may hold a template.
        environment: the DAG's Jinja environment, which may have other delimiters. Default: Jinja's own.
    """
    opening = (
        (environment.variable_start_string, environment.block_start_string) if environment else ("{{", "{%")
    )
    return any(each in text for each in opening)


class TemplatesMixin:
    """Renders templates only, and keeps the text that a template makes.

    Airflow renders every string of a template field. With ``render_template_as_native_obj=True`` Jinja then reads each
    result as a Python literal, which makes the number 1.1 of the text ``"1.10"``. This mixin leaves a string without a
    template alone. A template that is one expression gives the expression's value, a list for example. Any other
    template gives its text.

    A template that renders to nothing (its expressions give None or empty text) becomes None: the value is not given.
    The keys of dicts are rendered too.

    Attributes:
        _values: ids of what is no template: results of other tasks, and rendered fields.
    """

    _values: Collection[int] = frozenset()

    def render_template(
        self, content: Any, context: Any, jinja_env: Any = None, seen_oids: set[int] | None = None
    ) -> Any:
        """Return the content with its templates rendered, and other strings as they were written.

        Raises:
            TuningJobConfigError: an expression within a text gives None, or a key of a dict renders to nothing.
        """
        if id(content) in (seen_oids or ()):  # a result of another task, which is never rendered
            return content
        environment = jinja_env or self.get_template_env()  # type: ignore[attr-defined]
        if isinstance(content, str):
            if not holds_template(content, environment):
                return content
            return self._render_text(content, context, environment, seen_oids)
        if isinstance(content, dict):
            content = self._with_keys_rendered(content, context, environment)
        return super().render_template(content, context, environment, seen_oids)  # type: ignore[misc]

    def _render_text(self, text: str, context: Any, environment: Any, seen_oids: set[int] | None) -> Any:
        gave_none: list[bool] = []

        def noted(value: Any) -> Any:
            gave_none.append(value is None)
            return "" if value is None else value

        if environment.finalize is None:
            environment = environment.overlay(finalize=noted)
        rendered = super().render_template(text, context, environment, seen_oids)  # type: ignore[misc]
        if rendered is None or (isinstance(rendered, str) and not rendered.strip()):
            self.__dict__.setdefault("_rendered_to_nothing", []).append(text)
            return None
        if any(gave_none):
            raise TuningJobConfigError(
                f"The template {text!r} must give a text, but an expression in it gives None. Give the param or "
                "variable that it names a value, or the expression a default: {{ ... or 'text' }}."
            )
        return rendered

    def _with_keys_rendered(self, content: dict[Any, Any], context: Any, environment: Any) -> dict[Any, Any]:
        """Return a dict whose keys are rendered; the same dict if no key holds a template."""
        templates = [key for key in content if isinstance(key, str) and holds_template(key, environment)]
        if not templates:
            return content
        made: dict[Any, Any] = {}
        sources: dict[Any, Any] = {}
        for key, value in content.items():
            name = key
            if key in templates:
                name = self._render_text(key, context, environment, None)
                if name is None:
                    raise TuningJobConfigError(
                        f"The name {key!r} must have a value, but renders to nothing. Give the param or variable "
                        "that it names a value."
                    )
                name = str(name)
            if name in made:
                raise TuningJobConfigError(
                    f"The names {sources[name]!r} and {key!r} in one structure are both {name!r}. Keep one of them."
                )
            made[name], sources[name] = value, key
        return made

    def _render(self, template: Any, context: Any, dag: Any = None) -> Any:
        native = getattr(self, "render_template_as_native_obj", None)
        if native is None:
            dag = dag or (self.get_dag() if hasattr(self, "get_dag") else None)
            native = getattr(dag, "render_template_as_native_obj", False)
        if not native:
            return super()._render(template, context, dag)  # type: ignore[misc]
        rendered = super()._render(_text_kept(template), context, dag)  # type: ignore[misc]
        return rendered.text if isinstance(rendered, _Text) else rendered

    def _do_render_template_fields(
        self, parent: Any, template_fields: Iterable[str], context: Any, jinja_env: Any, seen_oids: set[int]
    ) -> None:
        from airflow_hpt_provider.config.mapped_values import results_in

        fields = list(template_fields)
        written = {field: getattr(parent, field, None) for field in fields}
        seen_oids = seen_oids | (results_in(parent, fields, context) if parent is self else set())
        try:
            super()._do_render_template_fields(parent, fields, context, jinja_env, seen_oids)  # type: ignore[misc]
        finally:
            if parent is self:
                rendered = (
                    value for field in fields if (value := getattr(self, field, None)) is not written[field]
                )
                self._values = seen_oids | set(map(id, rendered))
        if parent is self or isinstance(parent, TemplatesMixin):
            for field, template in written.items():
                check_given(field, template, getattr(parent, field))
        if self._nothing:
            self.log.info("%s", self._nothing)  # type: ignore[attr-defined]

    def render_again(self, fields: Iterable[str], context: Any) -> None:
        """Render the fields that are templates still, because the rendering of all fields has failed or not begun.

        Args:
            fields: names of template fields.
            context: of the task instance.

        Raises:
            TuningJobConfigError: a required one renders to nothing.
        """
        for field in fields:
            template = getattr(self, field)
            rendered = self.render_template(template, context, None, set(self._values))
            check_given(field, template, rendered)
            setattr(self, field, rendered)

    @property
    def _nothing(self) -> str:
        """Return a sentence that names the templates that render to nothing; empty if there are none."""
        templates = dict.fromkeys(self.__dict__.get("_rendered_to_nothing", ()))
        listed = ", ".join(map(repr, templates))
        return f"These templates render to nothing and count as not given: {listed}." if templates else ""


def check_given(field: str, template: Any, rendered: Any) -> None:
    """Check that a template of a required argument renders to something.

    Args:
        field: the argument's name.
        template: its value before it was rendered.
        rendered: its value after that.

    Raises:
        TuningJobConfigError: it is None now, and must have a value. Names the template.
    """
    if isinstance(template, str) and rendered is None and field not in OPTIONAL:
        raise TuningJobConfigError(
            f"{field} must have a value, but its template {template!r} renders to nothing. "
            "Give the param or variable that it names a value, or the template a default."
        )


class _Text(SimpleNamespace):
    """Text that Jinja's ``native_concat`` passes through, because it is no string."""

    text: str


def _text_kept(template: Any) -> Any:
    """Return the template as Airflow renders it, which gives its text as :class:`_Text`."""
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
