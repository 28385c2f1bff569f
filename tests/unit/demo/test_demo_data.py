"""The dataset and the script archive that the demo puts into S3."""

from __future__ import annotations

import csv
import io
import tarfile
from pathlib import Path

from airflow_hpt_provider.demo.data import breast_cancer_csv, diabetes_segments, example_dags, source_archive


def test_the_dataset_is_a_table_with_a_header_and_the_label_last() -> None:
    header, *rows = csv.reader(io.StringIO(breast_cancer_csv().decode()))
    assert header[-1] == "label"
    assert len(rows) == 569
    assert {len(row) for row in rows} == {31}
    assert {row[-1] for row in rows} == {"0", "1"}


def test_the_segments_are_all_of_the_diabetes_dataset() -> None:
    tables = [list(csv.reader(io.StringIO(table.decode()))) for table in diabetes_segments().values()]
    assert len({tuple(table[0]) for table in tables}) == 1
    assert tables[0][0][-1] == "target"
    assert sum(len(table) - 1 for table in tables) == 442
    assert all(len(table) > 100 for table in tables)


def test_the_archive_has_the_training_scripts_at_its_top() -> None:
    dags = example_dags()
    assert dags == Path(__file__).parents[3] / "dags"
    with tarfile.open(fileobj=io.BytesIO(source_archive(dags / "training"))) as archive:
        assert archive.getnames() == ["algorithms.py", "epochs.py", "regression.py", "train.py"]
        packed = archive.extractfile("train.py")
        assert packed is not None
        assert packed.read() == (dags / "training" / "train.py").read_bytes()
