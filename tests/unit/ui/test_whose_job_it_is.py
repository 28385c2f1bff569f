"""Which DAG has to be readable for a tuning job to be shown, by what its tags say."""

import pytest

from airflow_hpt_provider.creation.ownership import OWNER_TAG, Owner
from airflow_hpt_provider.ui.access import DAG_TAG, maker

OWN = Owner("mine", "tune", "run")


@pytest.mark.parametrize(
    ("tags", "dag_id"),
    [
        (None, None),
        ({}, None),
        ({DAG_TAG: "other"}, None),  # anybody may write that tag; without the owner's it is not ours
        ({OWNER_TAG: OWN.digest, DAG_TAG: "mine"}, None),
        ({OWNER_TAG: OWN.digest, DAG_TAG: "other"}, None),
        ({OWNER_TAG: "f" * 40, DAG_TAG: "mine"}, None),
        ({OWNER_TAG: "f" * 40, DAG_TAG: "other"}, "other"),
        ({OWNER_TAG: "f" * 40}, ""),  # somebody else's, and not told whose: shown to nobody
    ],
)
def test_the_dag_that_made_a_job(tags, dag_id):
    assert maker(tags, OWN) == dag_id
