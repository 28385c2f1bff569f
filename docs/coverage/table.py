"""The table: what is so, member by member."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_hpt_provider.models.rules import RULES
from docs.coverage.members import Member, members, reference_paths

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from docs.coverage.round_trip import RoundTrip

WORDS = Path(__file__).parent / "members.toml"
_HEAD = """\
<!-- Written by `python -m docs.coverage`; a test compares. What is said by hand is in docs/coverage/members.toml. -->

# Coverage

Every member of DescribeHyperParameterTuningJob's answer, as botocore {version}'s model has it: {total}, of which
the reference document of `aws sagemaker describe-hyper-parameter-tuning-job` names {named}.

* **In the reference**: named by that document; the others AWS has added since.
* **Model**: the attribute in `airflow_hpt_provider.models`.
* **Validated**: what is checked before a request is sent, by the model and by the rules of `models/rules`.
  Answers (`-`) are not validated: what AWS adds is kept.
* **Round trip**: `same` — created on the local tuning service by boto3, and described as it was given;
  `described` — seen in the description of a job that had run; `refused` — by the service, with a
  ValidationException.
* **Local service**: `yes` if it honours the member as SageMaker does, else how it differs.

The reference document's command-line options: AWS's own command line works against the local service by
`AWS_ENDPOINT_URL` alone, with `--hyper-parameter-tuning-job-name`, `--cli-input-json`, `--query` and `--output
json|text|table` (`tests/integration/real_clients`). `airflow-hpt describe-hyper-parameter-tuning-job`
has them all, `--cli-input-yaml` and `--generate-cli-skeleton` too ([the command line](cli.md)).
"""


@dataclass(frozen=True)
class Words:
    """What is said by hand.

    Attributes:
        rules: ``Structure.Member`` -> the rules that check it.
        service: ``Structure.Member``, or a path -> what the service makes of it.
    """

    rules: Mapping[str, list[str]]
    service: Mapping[str, str]

    @classmethod
    def read(cls) -> Words:
        """From the file."""
        return cls(**tomllib.loads(WORDS.read_text(encoding="utf-8")))

    def problems(self) -> Iterator[str]:
        """Members without words, words without members, and rules that do not exist or that no member names."""
        keys = {member.key for member in members()}
        paths = {member.path for member in members()}
        for key in sorted(keys - self.service.keys()):
            yield f"{WORDS.name} says nothing about {key} under [service]"
        for key in sorted((self.service.keys() | self.rules.keys()) - keys - paths):
            yield f"{WORDS.name} speaks of {key}, which is no member"
        named = {name for names in self.rules.values() for name in names}
        known = {f"{rule.__module__.rpartition('.')[2]}.{rule.__name__}" for rule in RULES}
        for name in sorted(named ^ (known - _NOT_OF_THE_ANSWER)):
            yield f"the rule {name} is {'no rule' if name in named else f'not named in {WORDS.name}'}"


_NOT_OF_THE_ANSWER = {"tags.tags"}
"""Rules on members that are in requests only."""


def render(trip: RoundTrip, version: str) -> str:
    """Return the page.

    Args:
        trip: what was seen.
        version: botocore's.

    Raises:
        ValueError: a description lost or changed something: there is no page that says so.
    """
    if trip.differences:
        raise ValueError("\n".join(trip.differences))
    words, named = Words.read(), set(reference_paths())
    lines = [_HEAD.format(version=version, total=len(members()), named=len(named))]
    section = None
    for member in members():
        top = member.path.partition(".")[0].removesuffix("[]")
        if section != top and (section is None or _has_members(top) or _has_members(section)):
            lines += _heading(top if _has_members(top) else "The answer itself")
        section = top
        lines.append(_row(member, trip, words, in_reference=member.path in named))
    return "\n".join(lines) + "\n"


def _has_members(top: str) -> bool:
    return any(member.path.startswith((f"{top}.", f"{top}[]")) for member in members())


def _heading(title: str) -> list[str]:
    return [
        f"\n## {title}\n",
        "| Member | In the reference | Model | Validated | Round trip | Local service |",
        "|---|---|---|---|---|---|",
    ]


def _row(member: Member, trip: RoundTrip, words: Words, *, in_reference: bool) -> str:
    rules = [f"`{name}`" for name in words.rules.get(member.key, ())]
    cells = [
        f"`{member.path}`",
        "yes" if in_reference else "newer",
        f"`{member.model}`" if member.model else "**missing**",
        "; ".join(filter(None, [member.checks, ", ".join(rules)])) or "-",
        _round_trip(member, trip),
        words.service.get(member.path, words.service.get(member.key, "**missing**")),
    ]
    return f"| {' | '.join(cells)} |"


def _round_trip(member: Member, trip: RoundTrip) -> str:
    if member.path in trip.seen:
        return "same" if member.path in trip.sent else "described"
    if any(member.path == path or member.path.startswith((f"{path}.", f"{path}[]")) for path in trip.refused):
        return "refused"
    return "-"
