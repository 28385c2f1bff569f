"""Malformed bodies of SageMaker's operations."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tests.fuzz.case import Case, Kind, call
from tests.support.sagemaker_shapes import SHAPES, broken, fullest, input_of, smallest

if TYPE_CHECKING:
    from tests.fuzz.service import Resources

OURS = [
    "CreateHyperParameterTuningJob",
    "DescribeHyperParameterTuningJob",
    "ListHyperParameterTuningJobs",
    "StopHyperParameterTuningJob",
    "DeleteHyperParameterTuningJob",
    "ListTrainingJobsForHyperParameterTuningJob",
    "CreateTrainingJob",
    "DescribeTrainingJob",
    "ListTrainingJobs",
    "UpdateTrainingJob",
    "StopTrainingJob",
    "DeleteTrainingJob",
    "AddTags",
    "ListTags",
    "DeleteTags",
    "Search",
    "GetSearchSuggestions",
    "CreateModelPackageGroup",
    "DescribeModelPackageGroup",
    "ListModelPackageGroups",
    "DeleteModelPackageGroup",
    "CreateModelPackage",
    "DescribeModelPackage",
    "UpdateModelPackage",
    "ListModelPackages",
    "DeleteModelPackage",
]
MOTOS = [
    "CreateModel",
    "DescribeModel",
    "ListModels",
    "CreateEndpointConfig",
    "CreateTrial",
    "CreateExperiment",
    "ListPipelines",
]
OPERATIONS = (*OURS, *OURS, *MOTOS)

Path = tuple[str | int, ...]
SCALARS = {"string", "integer", "long", "float", "double", "boolean", "timestamp"}


def pick(rng: random.Random, resources: Resources) -> tuple[str, Any]:
    """An operation and valid parameters for it: the smallest, the fullest, or about a resource that exists."""
    operation = rng.choice(OPERATIONS)
    shape = input_of(operation)
    if operation == "CreateHyperParameterTuningJob" and rng.random() < 0.5:
        return operation, copy.deepcopy(resources.tuning_job)
    parameters = smallest(shape) if rng.random() < 0.4 else fullest(shape)
    for member, value in resources.names.items():
        if member in parameters and rng.random() < 0.7:
            parameters[member] = value
    return operation, parameters


def places(value: Any, shape: str, here: Path = ()) -> Iterator[tuple[Path, str]]:
    """Every place in a value, with its shape."""
    if here:
        yield here, shape
    description = SHAPES[shape]
    if isinstance(value, dict):
        for key, below in value.items():
            inner = description["members"][key] if "members" in description else description["value"]
            yield from places(below, inner["shape"], (*here, key))
    elif isinstance(value, list):
        for index, below in enumerate(value[:3]):
            yield from places(below, description["member"]["shape"], (*here, index))


def put(document: Any, path: Path, value: Any) -> Any:
    """A copy with another value at a place."""
    document = copy.deepcopy(document)
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return document


def any_place(
    rng: random.Random, resources: Resources, types: set[str] | None = None
) -> tuple[str, Any, Path, str]:
    """An operation, its parameters, and a place of one of these types in them."""
    while True:
        operation, parameters = pick(rng, resources)
        found = [
            (path, shape)
            for path, shape in places(parameters, input_of(operation))
            if types is None or SHAPES[shape]["type"] in types
        ]
        if found:
            return operation, parameters, *rng.choice(found)


def encode(value: Any) -> bytes:
    """As JSON."""
    return json.dumps(value).encode()


MARK = "@@MARK@@"


def with_text(rng: random.Random, resources: Resources, types: set[str], text: bytes) -> Case:
    """A request with this text, which need not be JSON, in the place of some value."""
    operation, parameters, path, _ = any_place(rng, resources, types)
    return call(operation, encode(put(parameters, path, MARK)).replace(f'"{MARK}"'.encode(), text))


def cut_short(rng: random.Random, resources: Resources) -> Case:
    operation, parameters = pick(rng, resources)
    body = encode(parameters or {"MaxResults": 1})
    return call(operation, body[: rng.randrange(1, len(body))])


def random_bytes(rng: random.Random, resources: Resources) -> Case:
    operation, _ = pick(rng, resources)
    return call(operation, b"\x01" + rng.randbytes(rng.choice((1, 10, 300, 5000))))


def text_behind(rng: random.Random, resources: Resources) -> Case:
    operation, parameters = pick(rng, resources)
    return call(operation, encode(parameters) + rng.choice((b"x", b"{}", b",", b"\x00", b"]", b"//")))


def other_syntax(rng: random.Random, resources: Resources) -> Case:
    operation, parameters = pick(rng, resources)
    body = encode(parameters or {"MaxResults": 1})
    wrong = rng.choice(
        (
            body.replace(b'"', b"'"),
            body.replace(b"}", b",}"),
            b"/* c */" + body,
            body.decode().encode("utf-16"),
            b"\xef\xbb\xbf" + body,
            b"<Request/>",
            b"Action=" + operation.encode() + b"&Version=2017-07-24",
            body.replace(b": ", b"= "),
        )
    )
    return call(operation, wrong)


def no_object(rng: random.Random, resources: Resources) -> Case:
    operation, parameters = pick(rng, resources)
    return call(
        operation, encode(rng.choice(([], [parameters], 5, "x", True, None, 1.5, json.dumps(parameters))))
    )


def wrong_type(rng: random.Random, resources: Resources) -> Case:
    operation, parameters, path, shape = any_place(rng, resources)
    wrong: dict[str, tuple[Any, ...]] = {
        "string": (5, 1.5, True, [], {}, ["x"]),
        "structure": (5, "x", True, [], "{}"),
        "map": (5, "x", False, [], [["k", "v"]]),
        "list": (5, "x", True, {}, "[]"),
        "boolean": (1, 0, "true", [], {}),
        "timestamp": ("yesterday", [], {}, True, "9" * 400),
    }
    value = rng.choice(wrong.get(SHAPES[shape]["type"], ("5", "x", True, [], {}, "NaN")))
    return call(operation, encode(put(parameters, path, value)))


def nested(rng: random.Random, resources: Resources) -> Case:
    depth = rng.choice((50, 900, 5_000, 50_000))
    opening, closing = rng.choice(((b"[", b"]"), (b'{"a":', b"}")))
    if rng.random() < 0.3:
        operation, _ = pick(rng, resources)
        text = opening * depth + b"1" + closing * depth
        return call(operation, text if opening == b"[" or depth > 900 else b"[" + text + b"]")
    return with_text(rng, resources, SCALARS, opening * depth + b"1" + closing * depth)


def huge_number(rng: random.Random, resources: Resources) -> Case:
    texts = (
        b"1e999",
        b"-1e999",
        b"9" * 30,
        b"9" * 6000,
        b"1" + b"0" * 400,
        b"-" + b"7" * 50,
        b"2147483648.5",
    )
    return with_text(rng, resources, {"integer", "long"}, rng.choice(texts))


def no_number(rng: random.Random, resources: Resources) -> Case:
    words = (b"NaN", b"Infinity", b"-Infinity", b"nan", b"0x10", b"01", b"1.", b".5", b"+1", b"1e", b"--1")
    return with_text(rng, resources, SCALARS, rng.choice(words))


def no_utf8(rng: random.Random, resources: Resources) -> Case:
    texts = (b'"\xff"', b'"\xc3\x28"', b'"\xed\xa0\x80"', b'"\xf8\x88\x80\x80\x80"', b'"a\xe2\x82"')
    return with_text(rng, resources, SCALARS, rng.choice(texts))


def half_surrogate(rng: random.Random, resources: Resources) -> Case:
    return with_text(
        rng, resources, {"string"}, rng.choice((rb'"\ud800"', rb'"x\udfffy"', rb'"\udc00\ud800"'))
    )


def control_character(rng: random.Random, resources: Resources) -> Case:
    return with_text(rng, resources, {"string"}, b'"a' + bytes([rng.randrange(32)]) + b'"')


def twice(rng: random.Random, resources: Resources) -> Case:
    """A member given twice, in any structure or map of the request."""
    while True:
        operation, parameters = pick(rng, resources)
        found = [path for path, _ in places(parameters, input_of(operation)) if isinstance(path[-1], str)]
        if found:
            break
    path = rng.choice(found)
    value: Any = parameters
    for step in path:
        value = value[step]
    body = encode(put(parameters, path, MARK))
    again = encode(value) + b", " + encode(path[-1]) + b": " + encode(rng.choice((value, "other", None)))
    return call(operation, body.replace(f'"{MARK}"'.encode(), again))


def missing(rng: random.Random, resources: Resources) -> Case:
    """Without a required member, or with null in its place."""
    while True:
        operation, parameters = pick(rng, resources)
        found = (
            [(parameters, SHAPES[input_of(operation)])] if SHAPES[input_of(operation)].get("required") else []
        )
        for path, shape in places(parameters, input_of(operation)):
            if SHAPES[shape]["type"] == "structure" and SHAPES[shape].get("required"):
                value: Any = parameters
                for step in path:
                    value = value[step]
                found.append((value, SHAPES[shape]))
        if found:
            break
    structure, description = rng.choice(found)
    member = rng.choice(description["required"])
    if rng.random() < 0.5:
        structure[member] = None
    else:
        structure.pop(member, None)
    return call(operation, encode(parameters))


def null_in_list(rng: random.Random, resources: Resources) -> Case:
    operation, parameters, path, _ = any_place(rng, resources, {"list"})
    return call(operation, encode(put(parameters, path, [None])))


def constraint(rng: random.Random, resources: Resources) -> Case:
    """One value that breaks a bound, a length, an enum or a pattern."""
    while True:
        operation, parameters, path, shape = any_place(rng, resources)
        values = {why: value for why, value in broken(shape).items() if why != "unknown member"}
        if values:
            return call(operation, encode(put(parameters, path, rng.choice(list(values.values())))))


def nothing_there(rng: random.Random, resources: Resources) -> Case:
    """A valid request about something that does not exist."""
    operation = rng.choice([o for o in OURS if o.startswith(("Describe", "Stop", "Delete", "Update"))])
    parameters = smallest(input_of(operation))
    for member in parameters:
        if member.endswith("Name"):
            parameters[member] = f"none-{rng.randrange(10**6)}"
        if member == "TagKeys":
            parameters[member] = ["k"]
    return call(operation, encode(parameters))


def rule(rng: random.Random, resources: Resources) -> Case:
    """A tuning job that breaks what AWS checks after the call."""
    request = copy.deepcopy(resources.tuning_job)
    request["HyperParameterTuningJobName"] = f"fuzz-{rng.randrange(10**6)}"
    search, job = request["HyperParameterTuningJobConfig"], request["TrainingJobDefinition"]
    limits = search["ResourceLimits"]
    breaks = (
        lambda: search["ParameterRanges"]["ContinuousParameterRanges"][0].update(MinValue="9"),
        lambda: search["ParameterRanges"]["ContinuousParameterRanges"][0].update(MinValue="1e"),
        lambda: search["ParameterRanges"].update(
            ContinuousParameterRanges=[{"Name": f"p{n}", "MinValue": "0", "MaxValue": "1"} for n in range(31)]
        ),
        lambda: limits.update(MaxParallelTrainingJobs=limits["MaxNumberOfTrainingJobs"] + 1),
        lambda: search.update(Strategy="Grid"),
        lambda: search.update(Strategy="Hyperband", TrainingJobEarlyStoppingType="Auto"),
        lambda: search["HyperParameterTuningJobObjective"].update(MetricName="no-such-metric"),
        lambda: job["AlgorithmSpecification"].update(AlgorithmName="both"),
        lambda: job.update(EnableManagedSpotTraining=True),
        lambda: job["StaticHyperParameters"].update(x="1"),
        lambda: request.update(TrainingJobDefinitions=[job]),
        lambda: request.pop("TrainingJobDefinition"),
        lambda: request.update(Tags=[{"Key": "aws:x", "Value": ""}]),
        lambda: request.update(
            HyperParameterTuningJobName=resources.tuning_job["HyperParameterTuningJobName"]
        ),
    )
    rng.choice(breaks)()
    return call("CreateHyperParameterTuningJob", encode(request))


KINDS: dict[str, Kind] = {
    "body cut short": cut_short,
    "body of random bytes": random_bytes,
    "text behind the JSON": text_behind,
    "another syntax or encoding": other_syntax,
    "body no JSON object": no_object,
    "value of the wrong type": wrong_type,
    "nested deeply": nested,
    "huge number": huge_number,
    "NaN, Infinity, odd numbers": no_number,
    "invalid UTF-8": no_utf8,
    "half a surrogate pair": half_surrogate,
    "control character in a string": control_character,
    "member given twice": twice,
    "required member missing or null": missing,
    "null in a list": null_in_list,
    "bound, length, enum or pattern": constraint,
    "nothing of that name": nothing_there,
    "rule that AWS checks later": rule,
}
