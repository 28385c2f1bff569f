"""Which arguments of a mapped task are another task's results, and so no templates.

Airflow renders no result of another task, with one exception (seen in 3.3.2): it takes what ``expand_kwargs()`` reads
from an XCom for text of the DAG's code. Such a result may hold texts of the user who triggered the run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sized
from typing import Any


def results_in(task: Any, fields: Iterable[str], context: Mapping[str, Any]) -> set[int]:
    """Return the ids of a task's arguments that ``expand_kwargs()`` has read from an XCom; empty if there are none.

    Args:
        task: the task as it runs, made of a mapped one or not.
        fields: its template fields.
        context: of the task instance.
    """
    dag = task.get_dag() if hasattr(task, "get_dag") else None
    mapped = getattr(dag, "task_dict", {}).get(getattr(task, "task_id", None))
    if mapped is None or mapped is task:
        return set()
    return set(map(id, _results(task, mapped, fields, getattr(context.get("ti"), "map_index", -1))))


def _results(task: Any, mapped: Any, fields: Iterable[str], map_index: int) -> Iterator[Any]:
    partial = getattr(mapped, "partial_kwargs", {})
    if _is_xcom(getattr(mapped, "expand_input", None), map_index):
        yield from (getattr(task, field, None) for field in fields if field not in partial)
    if _is_xcom(getattr(mapped, "op_kwargs_expand_input", None), map_index):  # of a decorated function
        given = partial.get("op_kwargs") or {}
        yield from (value for name, value in task.op_kwargs.items() if name not in given)


def _is_xcom(expand_input: Any, map_index: int) -> bool:
    if getattr(expand_input, "EXPAND_INPUT_TYPE", "") != "list-of-dicts":
        return False
    value = expand_input.value
    if not isinstance(value, Sized):
        return True
    return not isinstance(value[map_index], Mapping)  # type: ignore[index]
