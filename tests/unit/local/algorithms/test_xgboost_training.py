"""XGBoost's algorithm mode on small data: every form of data, what is printed, and the model."""

import json
import math
import pickle

import numpy as np
import pytest
import xgboost
from sklearn import metrics as reference

from airflow_hpt_provider.local.algorithms.xgboost_trainer import metrics
from airflow_hpt_provider.local.algorithms.xgboost_trainer.checkpoints import load
from airflow_hpt_provider.local.algorithms.xgboost_trainer.errors import AlgorithmError, UserError
from airflow_hpt_provider.local.algorithms.xgboost_trainer.training import train

RANDOM = np.random.default_rng(7)
FEATURES = RANDOM.uniform(-1, 1, (80, 3)).round(3)
LABELS = (FEATURES[:, 0] + FEATURES[:, 1] > 0).astype(int)
CSV = "".join(f"{label},{','.join(map(str, row))}\n" for label, row in zip(LABELS, FEATURES, strict=True))
LIBSVM = "".join(
    f"{label} {' '.join(f'{n}:{x}' for n, x in enumerate(row))}\n"
    for label, row in zip(LABELS, FEATURES, strict=True)
)
BINARY = {"objective": "binary:logistic", "num_round": "4", "max_depth": "3"}


def job(tmp_path, channels=None, content_type="text/csv", **hyperparameters):
    """A training job's /opt/ml with its data; by default the same data to train and to validate on."""
    base = tmp_path / "ml"
    for name in ("input/config", "model", "output"):
        (base / name).mkdir(parents=True, exist_ok=True)
    channels = {"train": CSV, "validation": CSV} if channels is None else channels
    config = {}
    for name, files in channels.items():
        folder = base / "input/data" / name
        folder.mkdir(parents=True, exist_ok=True)
        for file, text in (files if isinstance(files, dict) else {"data": files}).items():
            (folder / file).parent.mkdir(exist_ok=True)
            (folder / file).write_text(text)
        config[name] = {"TrainingInputMode": "File"} | ({"ContentType": content_type} if content_type else {})
    (base / "input/config/inputdataconfig.json").write_text(json.dumps(config))
    (base / "input/config/hyperparameters.json").write_text(json.dumps(BINARY | hyperparameters))
    return base


def lines(capsys):
    return [line for line in capsys.readouterr().out.splitlines() if line.startswith("[")]


def booster(base):
    return load(base / "model/xgboost-model")


def test_csv_and_libsvm_train_the_same_model(tmp_path, capsys):
    train(job(tmp_path / "csv", eval_metric="logloss"), "1.7", None)
    of_csv = lines(capsys)
    train(
        job(tmp_path / "libsvm", {"train": LIBSVM, "validation": LIBSVM}, None, eval_metric="logloss"),
        "1.7",
        None,
    )
    assert lines(capsys) == of_csv
    assert [line.split("\t")[0] for line in of_csv] == ["[0]", "[1]", "[2]", "[3]"]
    assert float(of_csv[-1].split("validation-logloss:")[1]) < float(
        of_csv[0].split("validation-logloss:")[1]
    )


def test_parquet(tmp_path, capsys):
    from pyarrow import parquet, table

    base = job(tmp_path, content_type="application/x-parquet", eval_metric="logloss")
    columns = {"label": LABELS, **{f"f{n}": FEATURES[:, n] for n in range(3)}}
    for name in ("train", "validation"):
        parquet.write_table(table(columns), base / f"input/data/{name}/data")
    train(base, "1.7", None)
    of_parquet = lines(capsys)
    train(job(tmp_path / "csv", eval_metric="logloss"), "1.7", None)
    assert of_parquet == lines(capsys)


def test_empty_cell_is_missing_and_weights_count(tmp_path, capsys):
    cells = [line.split(",", 1) for line in CSV.splitlines()]
    weighted = "".join(f"{label},{1 + n % 2},{rest}\n" for n, (label, rest) in enumerate(cells))
    gaps = weighted + "1,1,,0.5,\n"
    train(
        job(tmp_path / "a", {"train": gaps, "validation": gaps}, csv_weights="1", eval_metric="logloss"),
        "1.7",
        None,
    )
    first = lines(capsys)
    train(job(tmp_path / "b", eval_metric="logloss"), "1.7", None)
    assert first != lines(capsys)
    assert booster(tmp_path / "a/ml").num_features() == 3


@pytest.mark.parametrize(
    ("channels", "content_type", "said"),
    [
        ({"validation": CSV}, "csv", "Missing required channel: train"),
        ({"train": CSV, "test": CSV}, "csv", "Extraneous channel found: test"),
        ({"train": {}}, "csv", "No data in training channel path"),
        ({"train": {".hidden": CSV}}, "csv", "Hidden file found in the data path! Remove that before training."),
        ({"train": CSV}, "text/html", "text/html is not an accepted ContentType: csv, text/csv"),
        ({"train": CSV}, "text/csv; label_size=2", "label_size must be 1"),
        ({"train": CSV}, "application/x-recordio-protobuf", "does not read application/x-recordio-protobuf"),
        ({"train": CSV}, None, "First line '"),
        ({"train": "label,a,b\n" + CSV}, "csv", "Non-numeric value 'label' found in the header line of file 'data'"),
        ({"train": CSV + "1,2,x,4\n"}, "csv", "Non-numeric value 'x' found in line 81 of file 'data'"),
        ({"train": CSV + "1,2\n"}, "csv", "Line 81 of file 'data' has 2 columns, and line 1 has 4."),
        ({"train": {"a": CSV, "b": "1,2,3\n"}}, "csv", "the same number of columns: 4 in 'a', 3 in 'b'."),
        ({"train": "1\n0\n"}, "csv", "Could not determine delimiter on line 1"),
        ({"train": ",1,2\n"}, "csv", "rows without a label"),
        ({"train": "5,1\n0,2\n"}, "csv", "label must be in (0, 1) for logistic regression"),
    ],
)  # fmt: skip
def test_wrong_data_is_refused(tmp_path, channels, content_type, said):
    with pytest.raises(UserError) as refused:
        train(job(tmp_path, channels, content_type), "1.7", None)
    assert said in str(refused.value)


def test_another_failure_of_xgboost(tmp_path):
    with pytest.raises(AlgorithmError, match="XGB train call failed with exception"):
        train(job(tmp_path, tree_method="exact", grow_policy="lossguide", max_depth="0"), "1.7", None)


def test_early_stopping_keeps_the_best_round(tmp_path, capsys):
    noise = "".join(f"{1 - int(line[0])}{line[1:]}\n" for line in CSV.splitlines())
    settings = {
        "num_round": "50",
        "early_stopping_rounds": "2",
        "_tuning_objective_metric": "validation:logloss",
    }
    base = job(tmp_path, {"train": CSV, "validation": noise}, **settings)
    train(base, "1.7", None)
    printed = lines(capsys)
    assert len(printed) == 3, "the second and third rounds are no better than the first"
    assert booster(base).num_boosted_rounds() == 1


def test_without_validation_data_only_the_training_data_is_printed(tmp_path, capsys):
    train(job(tmp_path, {"train": CSV}, early_stopping_rounds="1", eval_metric="auc"), "1.7", None)
    assert [line.count("\t") for line in lines(capsys)] == [1, 1, 1, 1]


def test_model_of_an_older_version_is_a_pickle(tmp_path):
    base = job(tmp_path)
    train(base, "0.72", None)
    assert [path.name for path in (base / "model").iterdir()] == ["xgboost-model"]
    assert pickle.loads((base / "model/xgboost-model").read_bytes()).num_boosted_rounds() == 4


def test_checkpoints_are_kept_and_resumed(tmp_path, capsys):
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    train(job(tmp_path, num_round="7"), "1.7", folder)
    assert sorted(path.name for path in folder.iterdir()) == [f"xgboost-checkpoint.{n}" for n in range(2, 7)]
    capsys.readouterr()
    base = job(tmp_path, num_round="9")
    train(base, "1.7", folder)
    assert [line.split("\t")[0] for line in lines(capsys)] == ["[7]", "[8]"]
    assert booster(base).num_boosted_rounds() == 9
    straight = job(tmp_path / "straight", num_round="9")
    train(straight, "1.7", None)
    data = xgboost.DMatrix(FEATURES)
    np.testing.assert_allclose(booster(base).predict(data), booster(straight).predict(data), atol=1e-6)


def test_model_after_every_round(tmp_path):
    base = job(tmp_path, save_model_on_termination="true", num_round="3")
    train(base, "1.7", None)
    assert booster(base).num_boosted_rounds() == 3


TRUTH = RANDOM.integers(0, 3, 200)
GUESS = np.where(RANDOM.uniform(size=200) < 0.7, TRUTH, RANDOM.integers(0, 3, 200))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("accuracy", reference.accuracy_score(TRUTH, GUESS)),
        ("balanced_accuracy", reference.balanced_accuracy_score(TRUTH, GUESS)),
        ("f1", reference.f1_score(TRUTH, GUESS, average="macro")),
        ("f1_macro", reference.f1_score(TRUTH, GUESS, average="macro")),
        ("precision_macro", reference.precision_score(TRUTH, GUESS, average="macro")),
        ("precision_micro", reference.precision_score(TRUTH, GUESS, average="micro")),
        ("recall_macro", reference.recall_score(TRUTH, GUESS, average="macro")),
        ("recall_micro", reference.recall_score(TRUTH, GUESS, average="micro")),
        ("mse", reference.mean_squared_error(TRUTH, GUESS)),
        ("r2", reference.r2_score(TRUTH, GUESS)),
    ],
)
def test_metrics_are_scikit_learns(name, expected):
    assert math.isclose(metrics.value_of(name, GUESS, TRUTH, "multi:softmax"), expected, rel_tol=1e-9)


@pytest.mark.parametrize("name", ["f1_binary", "precision", "recall"])
def test_binary_metrics_are_scikit_learns(name):
    truth, chance = TRUTH > 0, RANDOM.uniform(size=200)
    expected = getattr(reference, f"{name.removesuffix('_binary')}_score")(truth, chance > 0.5)
    assert math.isclose(metrics.value_of(name, chance, truth.astype(float), "binary:logistic"), expected)
    margin = chance - 0.5
    assert math.isclose(metrics.value_of(name, margin, truth.astype(float), "binary:logitraw"), expected)
    assert metrics.value_of("accuracy", np.eye(3)[GUESS], GUESS, "multi:softprob") == 1
