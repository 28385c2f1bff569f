"""Malformed requests to what moto answers: STS, IAM, SQS, EventBridge, Logs."""

from __future__ import annotations

import dataclasses
import random
from typing import TYPE_CHECKING

from tests.fuzz.case import CONTENT_TYPE, Case, Kind, Refused, Signature

if TYPE_CHECKING:
    from tests.fuzz.service import Resources

FORM = "application/x-www-form-urlencoded"
JSON_TARGETS = {
    "events": ("AWSEvents.PutRule", "AWSEvents.PutTargets", "AWSEvents.DeleteRule"),
    "logs": ("Logs_20140328.CreateLogGroup", "Logs_20140328.PutLogEvents"),
    "sqs": ("AmazonSQS.CreateQueue", "AmazonSQS.SendMessage"),
}
ACTIONS = {"sts": ("GetCallerIdentity", "AssumeRole"), "iam": ("CreateRole", "GetRole", "DeleteRole")}


def json_call(rng: random.Random, body: bytes, signature: Signature = Signature.GOOD) -> Case:
    """A call in JSON."""
    service = rng.choice(list(JSON_TARGETS))
    headers = {"X-Amz-Target": rng.choice(JSON_TARGETS[service]), "Content-Type": CONTENT_TYPE}
    return Case(headers=headers, body=body, service=service, signature=signature)


def signature(rng: random.Random, resources: Resources) -> Case:
    wrong = rng.choice([each for each in Signature if each is not Signature.GOOD])
    if rng.random() < 0.5:
        return json_call(rng, b'{"Name": "fuzz", "QueueName": "fuzz", "logGroupName": "fuzz"}', wrong)
    service = rng.choice(list(ACTIONS))
    body = f"Action={rng.choice(ACTIONS[service])}&Version=2011-06-15&RoleName=fuzz".encode()
    case = Case(headers={"Content-Type": FORM}, body=body, service=service, refused=Refused.QUERY)
    return dataclasses.replace(case, signature=wrong)


def body(rng: random.Random, resources: Resources) -> Case:
    bodies = (
        b"",
        b"{",
        b"[]",
        b"5",
        b"null",
        b'"x"',
        b"\xff\xfe",
        b"[" * 50_000,
        b'{"a": NaN',
        rng.randbytes(50),
    )
    return json_call(rng, rng.choice(bodies))


def action(rng: random.Random, resources: Resources) -> Case:
    service = rng.choice(list(ACTIONS))
    bodies = (
        b"",
        b"Action=",
        b"Action=NoSuch&Version=2011-06-15",
        b"Version=2011-06-15",
        b"Action=__class__",
        b"Action=%FF%00",
        b"\xff\xfe=x",
        b"&&&===",
        rng.randbytes(60),
    )
    return Case(headers={"Content-Type": FORM}, body=rng.choice(bodies), service=service, refused=Refused.ANY)


def service(rng: random.Random, resources: Resources) -> Case:
    """Services that there are not."""
    headers = {"X-Amz-Target": "Nothing_1.Do", "Content-Type": CONTENT_TYPE}
    name = rng.choice(("nothing", "ec2", "dynamodb", "../x", "", "é".encode().decode("latin-1"), "x" * 500))
    return Case(headers=headers, body=b"{}", service=name)


KINDS: dict[str, Kind] = {
    "others: signature": signature,
    "others: JSON body": body,
    "others: Query body": action,
    "others: no such service": service,
}
