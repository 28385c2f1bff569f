"""Searches: which jobs a condition finds, in which order, in pages of any size, and the keys to search by."""

from __future__ import annotations

import json
import sqlite3

import pytest

from airflow_hpt_provider.local.db import tags, tokens, training_jobs, tuning_jobs
from airflow_hpt_provider.local.db.records import MetricRow, NewTrainingJob
from airflow_hpt_provider.local.db.search_expressions import Place, Sql, joined, members
from airflow_hpt_provider.local.db.search_queries import ALL, VALUE, Search, keys, metric_names, tag_keys
from airflow_hpt_provider.local.db.tokens import MOST, BadTokenError
from airflow_hpt_provider.local.page_tokens import from_token, to_token

MEMBERS = members("training_job_members")
BODIES = (
    {"RoleArn": "a", "Channels": [{"Name": "train", "Tags": [{"K": 1}]}], "Env": {"SEED": "1", "MODE": "x"}},
    {"RoleArn": "b", "Channels": [{"Name": "test"}, {"Name": "train"}], "Env": {"SEED": "2"}},
    {"Channels": []},
    {"RoleArn": "b", "Nested": {"Deep": 4}, "EnableNetworkIsolation": True},
)


@pytest.fixture
def store(database):
    """Training jobs 1 to 4 with these bodies."""
    with database.transaction() as connection:
        for number, body in enumerate(BODIES, 1):
            definition = training_jobs.insert_definition(connection, body)
            new = NewTrainingJob(
                f"job-{number}", f"arn:{number}", definition, hyperparameters={f"h{number}": "1"}
            )
            training_jobs.insert(connection, new, float(number))
        yield connection


def search(condition=ALL, sort="TrainingJobName", *, descending=False, order=VALUE):
    return Search(MEMBERS.rows, MEMBERS[sort].value, descending, condition, order)


def found(store, made, limit=9):
    ids, token = made.page(store, limit=limit, token=None)
    assert (made.count(store), token) == (len(ids), None)
    return ids


def is_value(value):
    return lambda found: Sql.of("{} = {}", found, value)


def named(name):
    return lambda channel: Sql.of("{} = {}", channel.below("Name").value, name)


ROLE_B = Sql.of("{} = {}", MEMBERS["RoleArn"].value, "b")
CHANNEL = MEMBERS["Channels"]
ENVIRONMENT = MEMBERS["Env"]
JOB = MEMBERS["TrainingJobName"].value


@pytest.mark.parametrize(
    ("condition", "ids"),
    [
        (ALL, [1, 2, 3, 4]),
        (ROLE_B, [2, 4]),
        (ROLE_B.negated(), [1, 3]),
        (ROLE_B.negated().negated(), [2, 4]),
        (joined("AND", [ROLE_B, Sql.of("{} > {}", JOB, "job-2")]), [4]),
        (joined("OR", [ROLE_B, Sql.of("{} = {}", JOB, "job-1")]), [1, 2, 4]),
        (CHANNEL.some(named("train")), [1, 2]),
        (CHANNEL.some(named("test")), [2]),
        (CHANNEL.some(lambda c: c.below("Tags").some(lambda t: is_value(1)(t.below("K").value))), [1]),
        (CHANNEL.some(lambda c: c.below("Tags").some(lambda t: is_value(2)(t.below("K").value))), []),
        (ENVIRONMENT.entry("SEED", is_value("2")), [2]),
        (ENVIRONMENT.entry("MODE", is_value("x")), [1]),
        (ENVIRONMENT.entry("MODE", is_value("1")), []),
        (Sql.of("{} = {}", ENVIRONMENT.entry_value("SEED"), "1"), [1]),
        (Sql.of("{} IS NULL", ENVIRONMENT.entry_value("MODE")), [2, 3, 4]),
        (Sql.of("{} = {}", MEMBERS["Nested"].below("Deep").value, 4), [4]),
        (Sql.of("{} = {}", MEMBERS["EnableNetworkIsolation"].value, 1), [4]),
        (MEMBERS["HyperParameters"].entry("h3", is_value("1")), [3]),
    ],
)
def test_what_a_condition_finds(store, condition, ids):
    assert found(store, search(condition)) == ids


def test_places():
    place = Place(Sql("job.point"), ("A",), 2)
    assert place.below("B", "C") == Place(Sql("job.point"), ("A", "B", "C"), 2)
    assert Place(Sql("job.name")).value == Sql("job.name")


@pytest.mark.parametrize(
    ("descending", "ids"), [(False, [1, 2, 4, 3]), (True, [4, 2, 1, 3])], ids=["up", "down"]
)
@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_pages_of_any_size_in_order(store, descending, ids, size):
    """Equal values are in the order of ids; jobs without a value come last."""
    made, seen, token = search(sort="RoleArn", descending=descending), [], None
    while True:
        page, token = made.page(store, limit=size, token=token)
        seen.append(page)
        if token is None:
            break
    assert [job for page in seen for job in page] == ids
    assert [len(page) for page in seen[:-1]] == [size] * (len(seen) - 1)
    assert seen[-1], "no page is empty"


def test_an_order_that_is_made_of_the_value(store):
    assert found(store, search(order=Sql("-CAST(substr(value, 5) AS INTEGER)"))) == [4, 3, 2, 1]


@pytest.mark.parametrize(
    "other",
    [
        search(sort="CreationTime"),
        search(descending=True),
        search(ROLE_B),
        search(order=Sql("lower(value)")),
        Search(members("tuning_job_members").rows, JOB, False),
    ],
    ids=["sort", "direction", "condition", "order", "rows"],
)
def test_a_token_is_good_for_its_search_only(store, other):
    _, token = search().page(store, limit=2, token=None)
    assert search().page(store, limit=2, token=token) == ([3, 4], None)
    with pytest.raises(BadTokenError):
        other.page(store, limit=2, token=token)


def test_a_token_is_not_good_for_other_values(store):
    """The text of both conditions is the same."""
    with_a, with_b = (search(Sql.of("{} <> {}", JOB, value)) for value in ("a", "b"))
    _, token = with_a.page(store, limit=1, token=None)
    with pytest.raises(BadTokenError):
        with_b.page(store, limit=1, token=token)


def test_keys_of_maps_and_of_maps_in_lists(store):
    rows, body = MEMBERS.rows, Place(Sql("definitions.body"))
    assert sorted(keys(store, rows, ENVIRONMENT, ["any"])) == ["MODE", "SEED"]
    assert sorted(keys(store, rows, MEMBERS["HyperParameters"], ["any"])) == ["h1", "h2", "h3", "h4"]
    assert sorted(keys(store, rows, body, ["Env", "any"])) == ["MODE", "SEED"]
    assert sorted(keys(store, rows, CHANNEL, [0, "any"])) == ["Name", "Tags"]
    assert sorted(keys(store, rows, CHANNEL, [0, "Tags", 0, "any"])) == ["K"]


def test_keys_of_tags_and_metrics(store):
    tags.put(store, "arn:1", {"team": "x", "env": "y"})
    tags.put(store, "arn:elsewhere", {"other": "z"})
    assert sorted(tag_keys(store, MEMBERS.rows)) == ["env", "team"]
    for job in (1, 2):
        training_jobs.add_metrics(
            store, job, [MetricRow("loss", 1.0, 1.0), MetricRow(f"m{job}", 0.0, 1.0)], 1
        )
    assert sorted(metric_names(store)) == ["loss", "m1", "m2"]
    assert found(store, search(Sql.of("{} = {}", MEMBERS.keyed("Tag", "team"), "x"))) == [1]
    assert found(store, search(Sql.of("{} = {}", MEMBERS.keyed("Metrics", "m2"), 0))) == [2]


def test_blocks_that_hold_others(store):
    """The members of a tuning job are put together from blocks of their file."""
    request = {
        "HyperParameterTuningJobConfig": {"Strategy": "Grid"},
        "TrainingJobDefinition": {"RoleArn": "r"},
    }
    tuning_jobs.insert(store, name="tune", arn="arn:tune", request=request, seed=1, now=1.0)
    tuning = members("tuning_job_members")
    made = Search(
        tuning.rows,
        tuning["HyperParameterTuningJobName"].value,
        False,
        Sql.of("{} = {}", tuning["TrainingJobDefinition"].below("RoleArn").value, "r"),
    )
    assert found(store, made) == [1]
    assert members("tuning_job_members") is tuning, "read once"


@pytest.mark.parametrize("value", [None, "text", "\u00e9", 3, 0.5, MOST, -MOST, True])
def test_tokens_hold_their_row(value):
    assert tokens.read(["q"], tokens.write(["q"], value, MOST)) == (value, MOST)


def sealed(value, row_id):
    """A token of the right seal: only what it holds is wrong."""
    return tokens.write(["q"], value, row_id)


@pytest.mark.parametrize(
    ("value", "row_id"),
    [(MOST + 1, 1), (-MOST - 1, 1), (1, MOST + 1), ("\ud800", 1), ([1], 1), ({}, 1), (1, "1"), (1, None), (1, 1.5)],
    ids=str,
)  # fmt: skip
def test_values_that_no_row_has_are_refused(value, row_id):
    with pytest.raises(BadTokenError):
        tokens.read(["q"], sealed(value, row_id))


def test_a_token_that_was_altered_is_refused():
    seal, _, row_id = json.loads(from_token(tokens.write(["q"], "a", 4)))
    with pytest.raises(BadTokenError):
        tokens.read(["q"], to_token(json.dumps([seal, "b", row_id])))
    with pytest.raises(BadTokenError):
        tokens.read(["other"], to_token(json.dumps([seal, "a", row_id])))
    assert tokens.read(["q"], to_token(json.dumps([seal, "a", row_id]))) == ("a", 4)


def test_values_are_bound(store):
    quoted = "' OR 1=1 --"
    assert found(store, search(Sql.of("{} = {}", JOB, quoted))) == []
    assert Sql.of("{} = {} AND {}", Sql("x = ?", (1,)), "2", 3) == Sql("x = ? = ? AND ?", (1, "2", 3))
    with pytest.raises(sqlite3.ProgrammingError):
        store.execute(Sql.of("SELECT {}", quoted).text)
