"""botocore's own model of SageMaker, as sample values: the smallest, the fullest, and what breaks a constraint."""

from __future__ import annotations

from typing import Any

import botocore.session

SERVICE: Any = botocore.session.get_session().get_service_model("sagemaker")
SHAPES: dict[str, Any] = SERVICE._service_description["shapes"]
ACCOUNT = "arn:aws:sagemaker:us-east-1:123456789012"

SAMPLES = {
    "SecurityGroupId": "sg-0",
    "SubnetId": "subnet-0",
    "RoleArn": "arn:aws:iam::123456789012:role/tune",
    "S3Uri": "s3://bucket/key",
    "S3ModelUri": "s3://bucket/key",
    "FileSystemId": "fs-01234567",
    "HubDataSetArn": f"{ACCOUNT}:hub-content/hub/DataSet/data",
    "TrainingPlanArn": f"{ACCOUNT}:training-plan/plan",
    "ResourceArn": f"{ACCOUNT}:hyper-parameter-tuning-job/none",
    "ModelPackageArn": f"{ACCOUNT}:model-package/none/1",
    "HyperParameterTuningJobArn": f"{ACCOUNT}:hyper-parameter-tuning-job/none",
    "TrainingJobArn": f"{ACCOUNT}:training-job/none",
}
"""For shapes whose pattern the simplest text does not match."""


def input_of(operation: str) -> str:
    """The name of the shape of an operation's request."""
    return str(SERVICE.operation_model(operation).input_shape.name)


def smallest(name: str) -> Any:
    """The smallest valid value of a shape: required members alone."""
    shape = SHAPES[name]
    match shape["type"]:
        case "structure":
            return {
                member: smallest(shape["members"][member]["shape"]) for member in shape.get("required", ())
            }
        case "list":
            return [smallest(shape["member"]["shape"]) for _ in range(shape.get("min", 0))]
        case "map":
            return {}
        case "string" if "enum" in shape:
            return shape["enum"][0]
        case "string":
            return SAMPLES.get(name, "x" * max(shape.get("min", 0), 1 if "pattern" in shape else 0))
        case "integer" | "long":
            return shape.get("min", 0)
        case "boolean":
            return True
        case "timestamp":
            return 1_790_000_000.0
        case "blob":
            return "eA=="
    return 0.5


def fullest(name: str, depth: int = 7) -> Any:
    """A value with every member, lists and maps with one element each; recursion ends at ``depth``.

    Valid against the model, though not against the rules that AWS checks after the call.
    """
    shape = SHAPES[name]
    match shape["type"]:
        case "structure":
            required = shape.get("required", ())
            return {
                member: fullest(each["shape"], depth - 1)
                for member, each in shape["members"].items()
                if depth > 0 or member in required
            }
        case "list":
            if depth <= 0 and not shape.get("min"):
                return []
            return [fullest(shape["member"]["shape"], depth - 1)] * max(1, shape.get("min", 1))
        case "map" if SHAPES[shape["key"]["shape"]].get("enum"):
            return {}
        case "map":
            return {"k": fullest(shape["value"]["shape"], depth - 1)} if depth > 0 else {}
    return smallest(name)


def broken(name: str) -> dict[str, Any]:
    """Values that break one constraint of a shape each, by why."""
    shape = SHAPES[name]
    found: dict[str, Any] = {}
    match shape["type"]:
        case "list":
            element = smallest(shape["member"]["shape"])
            if shape.get("min"):
                found["too few"] = [element] * (shape["min"] - 1)
            if "max" in shape:
                found["too many"] = [element] * (shape["max"] + 1)
            found["no list"] = 5
        case "map":
            if "max" in shape:
                found["too many"] = {f"k{i}": "" for i in range(shape["max"] + 1)}
            found["no map"] = [1]
        case "string" if "enum" in shape:
            found["no such word"] = "Nothing"
        case "string":
            if "max" in shape:
                found["too long"] = "x" * (shape["max"] + 1)
            if shape.get("min"):
                found["too short"] = "x" * (shape["min"] - 1)
            if "pattern" in shape and shape["pattern"] not in (r"[\S\s]*", r"[\w\W]+", r"(?s).*"):
                found["pattern"] = "\n" * max(shape.get("min", 0), 1)
        case "integer" | "long":
            if "min" in shape:
                found["too small"] = shape["min"] - 1
            if "max" in shape:
                found["too large"] = shape["max"] + 1
            found["no number"] = "x"
        case "float" | "double" | "timestamp":
            found["no number"] = "x"
        case "boolean":
            found["no boolean"] = "x"
        case "structure":
            found["no structure"] = 5
            found["unknown member"] = {**smallest(name), "Zzz": 1}
    return found


def bounds(name: str) -> list[Any]:
    """The outermost values that a shape admits."""
    shape = SHAPES[name]
    match shape["type"]:
        case "list":
            element = smallest(shape["member"]["shape"])
            return [[element] * shape.get("min", 0), [element] * shape.get("max", 3)]
        case "map":
            return [{}, {f"k{i}": "" for i in range(shape["max"])}]
        case "string" if "enum" in shape:
            return list(shape["enum"])
        case "integer" | "long":
            bits = 31 if shape["type"] == "integer" else 63
            return [shape.get("min", -(2**bits)), shape.get("max", 2**bits - 1)]
    return [smallest(name)]
