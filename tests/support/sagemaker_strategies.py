"""Hypothesis strategies made from botocore's own model of SageMaker."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Any

from hypothesis import strategies as st

from tests.support.sagemaker_shapes import SHAPES

TAG = r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)"
TAG_CHARACTERS = st.characters(categories=["L", "Z", "N"]) | st.sampled_from("_.:/=+-@")
LINE = st.characters(exclude_categories=["Cs"], exclude_characters="\n\r\u0085\u2028\u2029")
ANY_TEXT = (None, ".*", ".+", r"[\S\s]*")


def any_text(shape: dict[str, Any]) -> st.SearchStrategy[str]:
    """Any text that a string shape without enum admits, of some 40 characters at most."""
    least, most, pattern = shape.get("min", 0), shape.get("max", 40), shape.get("pattern")
    if pattern in ANY_TEXT:
        return st.text(LINE, min_size=max(least, pattern == ".+"), max_size=max(least, min(most, 40)))
    if pattern == TAG:
        return st.text(TAG_CHARACTERS, min_size=least, max_size=40)
    if "hub-content" in pattern:
        return st.just("arn:aws:sagemaker:us-east-1:123456789012:hub-content/hub/DataSet/data/1.0.0")
    java = pattern.replace("(.*)", r"([^\n\r\u0085\u2028\u2029]*)").replace("/.*", r"/[a-z]{20}")
    return st.from_regex(
        java, fullmatch=True, alphabet=st.characters(codec="ascii", exclude_categories=["Cc"])
    ).filter(lambda text: least <= len(text) <= shape.get("max", len(text)))


@cache
def anything(name: str) -> st.SearchStrategy[Any]:
    """Any valid value of a shape, as boto3 takes or gives it."""
    shape = SHAPES[name]
    match shape["type"]:
        case "structure":
            required = set(shape.get("required", ()))
            members = {member: anything(each["shape"]) for member, each in shape["members"].items()}
            return st.fixed_dictionaries(
                {member: each for member, each in members.items() if member in required},
                optional={member: each for member, each in members.items() if member not in required},
            )
        case "list":
            least = shape.get("min", 0)
            return st.lists(
                anything(shape["member"]["shape"]),
                min_size=least,
                max_size=max(least, min(2, shape.get("max", 2))),
            )
        case "map":
            return st.dictionaries(
                anything(shape["key"]["shape"]), anything(shape["value"]["shape"]), max_size=3
            )
        case "string" if "enum" in shape:
            return st.sampled_from(shape["enum"])
        case "string":
            return any_text(shape)
        case "integer" | "long" as kind:
            bits = 31 if kind == "integer" else 63
            return st.integers(shape.get("min", -(2**bits)), shape.get("max", 2**bits - 1))
        case "float" | "double":
            return st.floats(allow_nan=False, allow_infinity=False)
        case "boolean":
            return st.booleans()
        case "timestamp":
            seconds = st.integers(0, 4_000_000_000)
            return seconds.map(lambda since: dt.datetime.fromtimestamp(since, dt.UTC))
    raise AssertionError(shape["type"])
