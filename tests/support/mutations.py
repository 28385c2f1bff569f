"""One change to a valid request that breaks one documented constraint, and the field that must be named for it."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.support.sagemaker_shapes import SHAPES, broken

Path = tuple[str | int, ...]
REQUEST = "CreateHyperParameterTuningJobRequest"


@dataclass(frozen=True)
class Mutation:
    """A request with one thing wrong.

    Attributes:
        request: it.
        field: where, as AWS writes it.
        why: what is wrong.
        value: what stands there; None if something is missing.
    """

    request: dict[str, Any]
    field: str
    why: str
    value: Any


def aws_path(path: Path) -> str:
    """`A.B[0].C`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def places(value: Any, shape: str, here: Path = ()) -> Iterator[tuple[Path, str]]:
    """Every place below a value, with its shape."""
    if here:
        yield here, shape
    description = SHAPES[shape]
    if isinstance(value, dict):
        for key, below in value.items():
            inner = description["members"][key] if "members" in description else description["value"]
            yield from places(below, inner["shape"], (*here, key))
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from places(below, description["member"]["shape"], (*here, index))


def at(value: Any, path: Path) -> Any:
    """What stands there."""
    for step in path:
        value = value[step]
    return value


@st.composite
def mutations(draw: st.DrawFn, request: dict[str, Any]) -> Mutation:
    """Any single mutation of a request that breaks one of botocore's constraints."""
    request = copy.deepcopy(request)
    kind = draw(st.sampled_from(["a value", "a value", "a value", "a member missing", "a member unknown"]))
    found = list(places(request, REQUEST))
    structures = [((), REQUEST), *[each for each in found if SHAPES[each[1]]["type"] == "structure"]]
    if kind == "a member missing":
        path, shape = draw(st.sampled_from([s for s in structures if SHAPES[s[1]].get("required")]))
        # The operator derives the name; the model lets it be missing.
        required = [m for m in SHAPES[shape]["required"] if m != "HyperParameterTuningJobName"]
        member = draw(st.sampled_from(sorted(required) or ["HyperParameterTuningJobConfig"]))
        place = at(request, path)
        if required:
            if draw(st.booleans()):
                del place[member]
            else:
                place[member] = None
            return Mutation(request, aws_path((*path, member)), "missing", None)
    if kind != "a value":
        path, shape = draw(st.sampled_from(structures))
        at(request, path)["Zzz"] = 1
        return Mutation(request, aws_path((*path, "Zzz")), "unknown", None)
    path, shape = draw(st.sampled_from([each for each in found if _breakable(each[1])]))
    why, value = draw(st.sampled_from(sorted(_broken(shape).items(), key=lambda item: item[0])))
    at(request, path[:-1])[path[-1]] = value
    return Mutation(request, aws_path(path), why, value)


def _broken(shape: str) -> dict[str, Any]:
    return {why: value for why, value in broken(shape).items() if why != "unknown member"}


def _breakable(shape: str) -> bool:
    return bool(_broken(shape))
