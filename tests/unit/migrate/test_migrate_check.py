"""``airflow-hpt migrate-check``: what it finds, and where."""

from __future__ import annotations

import json
import textwrap

import pytest

from airflow_hpt_provider.cli.main import main
from airflow_hpt_provider.demo.data import example_dags
from airflow_hpt_provider.migrate.checker import check_source
from airflow_hpt_provider.migrate.folders import check_folder
from tests.support.cases import FOLDER

THEIRS = """\
from airflow import DAG
from airflow.providers.amazon.aws.operators.sagemaker import SageMakerModelOperator, SageMakerTuningOperator
from airflow.providers.amazon.aws.sensors.sagemaker import SageMakerTuningSensor

with DAG("dag"):
    tune = SageMakerTuningOperator(
        task_id="tune",
        config=CONFIG,
        check_interval=60,
        max_ingestion_time=3600,
        deferrable=True,
    )
    wait = SageMakerTuningSensor(task_id="wait", job_name="{{ ti.xcom_pull('tune')['Tuning']['FailureReason'] }}")
"""


def found(source, *, severity=None):
    """(line, rule, what) of each finding."""
    findings = sorted(check_source(textwrap.dedent(source), "dag.py"))
    return [(one.line, one.rule, one.what) for one in findings if severity in (None, one.severity)]


def test_imports_parameters_and_xcoms_with_their_lines():
    assert found(THEIRS, severity="change") == [
        (2, "import", "New import: from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator"),
        (3, "import", "New import: from airflow_hpt_provider.sensors.tuning import HyperParameterTuningJobSensor"),
        (9, "parameter", "Rename check_interval to poll_interval."),
        (10, "parameter", "Rename max_ingestion_time to timeout."),
        (13, "parameter", "Rename job_name to tuning_job_name."),
        (13, "xcom", 'Replace ["Tuning"]["FailureReason"] by ["failure_reason"].'),
    ]  # fmt: skip


def test_what_behaves_differently():
    rules = found(THEIRS, severity="look")
    assert {rule for _, rule, _ in rules} == {"behaviour"}
    cap = next(one for one in check_source(THEIRS, "dag.py") if "cap" in one.what)
    assert "8 h at 60 s" in cap.why


IMPORT = "from airflow.providers.amazon.aws.operators.sagemaker import SageMakerTuningOperator"


@pytest.mark.parametrize(
    "use",
    [
        f"{IMPORT} as Tune\nTune(check_interval=1)",
        f"{IMPORT}\nSageMakerTuningOperator.partial(check_interval=1).expand(config=c)",
        f"{IMPORT}\nSageMakerTuningOperator.partial(config=c).expand(check_interval=[1, 2])",
        "import airflow.providers.amazon.aws.operators.sagemaker as sm\nsm.SageMakerTuningOperator(check_interval=1)",
        "import airflow.providers.amazon.aws.operators.sagemaker\n"
        "airflow.providers.amazon.aws.operators.sagemaker.SageMakerTuningOperator(check_interval=1)",
        "from airflow.providers.amazon.aws.operators import sagemaker\n"
        "sagemaker.SageMakerTuningOperator(check_interval=1)",
        f"def tasks():\n    {IMPORT}\n    return SageMakerTuningOperator(check_interval=1)",
        "from airflow.providers.amazon.aws.operators.sagemaker import *\nSageMakerTuningOperator(check_interval=1)",
        f"{IMPORT}\nTune = SageMakerTuningOperator\nTune(check_interval=1)",
        f"from functools import partial\n{IMPORT}\npartial(SageMakerTuningOperator, check_interval=1)(config=c)",
        "from airflow.providers.amazon.aws.operators import sagemaker\n"
        "make = partial(sagemaker.SageMakerTuningOperator, check_interval=1)",
    ],
)
def test_however_they_are_imported_and_called(use):
    changes = found(use, severity="change")
    assert [what for _, rule, what in changes if rule == "parameter"] == [
        "Rename check_interval to poll_interval."
    ]
    assert sum(rule == "import" for _, rule, _ in changes) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        'DAG("dag", default_args={"retries": 1, "check_interval": 30})',
        "common = dict(check_interval=30)",
        'SageMakerTuningOperator.partial(task_id="t").expand_kwargs([{"check_interval": 30}])',
    ],
)
def test_arguments_that_are_kept_apart_are_checked(arguments):
    looks = found(f"{IMPORT}\n{arguments}", severity="look")
    assert (2, "parameter", "Rename check_interval to poll_interval, if it goes to a tuning task.") in looks


@pytest.mark.parametrize(
    ("expression", "what"),
    [
        ('ti.xcom_pull("t").get("Tuning", {}).get("BestTrainingJob")["TrainingJobName"]',
         '["best_training_job"]["TrainingJobName"].'),
        ('"{{ ti.xcom_pull(\'t\').get(\'Tuning\').get(\'BestTrainingJob\').TrainingJobName }}"',
         '["best_training_job"]["TrainingJobName"].'),
        ('ti.xcom_pull("t")["Tuning"]["BestTrainingJob"]["TrainingJobName"]',
         '["best_training_job"]["TrainingJobName"].'),
        ('tune.output["Tuning"]["HyperParameterTuningJobArn"]', '["tuning_job_arn"].'),
        ('ti.xcom_pull("t")["Tuning"]["BestTrainingJob"]["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]',
         '["final_metric"], a float.'),
        ('"{{ ti.xcom_pull(\'t\').Tuning.BestTrainingJob.TrainingJobName }}"',
         '["best_training_job"]["TrainingJobName"].'),
    ],
)  # fmt: skip
def test_results_are_found_in_files_that_only_read_them(expression, what):
    ((_, rule, text),) = found(f"value = {expression}")
    assert rule == "xcom"
    assert text.endswith(f" by {what}")


@pytest.mark.parametrize(
    "source",
    [
        'settings["Tuning"]["BestTrainingJob"]',
        'label = "[Tuning]"',
        'CONFIG = {"HyperParameterTuningJobName": "nightly-{{ ds_nodash }}"}',
        "from airflow.providers.amazon.aws.operators.sagemaker import SageMakerModelOperator",
        "from airflow.providers.amazon.aws.triggers.sagemaker import SageMakerTrigger\n"
        'SageMakerTrigger(job_name="a", job_type="training", waiter_delay=3)',
        "from airflow.providers.amazon.aws.operators.sagemaker import SageMakerTrainingOperator\n"
        "from airflow.providers.amazon.aws.triggers.sagemaker import SageMakerTrigger\n"
        'SageMakerTrainingOperator(config={"S3Operations": {}}, check_interval=3)\n'
        'SageMakerTrigger(job_name="a", job_type="training")["Tuning"]',
        "from airflow.providers.amazon.aws.operators.sagemaker import *\nSageMakerModelOperator()",
        "check(check_interval=3)",
        'settings = {"check_interval": 3, **dict(check_interval=3)}',
        'settings.get("Tuning").get("BestTrainingJob")',
    ],
)
def test_what_is_none_of_its_business(source):
    assert found(source) == []


def test_a_result_that_is_kept_in_a_variable_is_found_where_their_operator_is_used():
    changes = found(f'{IMPORT}\nresult = pull()\nname = result["Tuning"]["HyperParameterTuningJobName"]')
    assert (3, "xcom", 'Replace ["Tuning"]["HyperParameterTuningJobName"] by ["tuning_job_name"].') in changes


def test_the_trigger_of_tuning_jobs():
    source = """\
    from airflow.providers.amazon.aws.triggers.sagemaker import SageMakerTrigger
    SageMakerTrigger(job_name="a", job_type="tuning", waiter_delay=3, waiter_max_attempts=9)
    """
    assert [what for _, _, what in found(source, severity="change")] == [
        "New import: from airflow_hpt_provider.triggers.tuning import HyperParameterTuningJobTrigger",
        "Rename job_name to tuning_job_name.",
        "Remove job_type.",
        "Rename waiter_delay to poll_interval.",
        "Rename waiter_max_attempts to deadline.",
    ]


def test_s3_operations_in_a_config():
    changes = found(f'{IMPORT}\nCONFIG = {{"S3Operations": {{"S3Upload": []}}}}', severity="change")
    assert (2, "config", "Take S3Operations out of the config.") in changes


def test_subclasses_are_reported():
    changes = found(f"{IMPORT}\nclass Mine(SageMakerTuningOperator):\n    pass", severity="change")
    assert (2, "subclass", "Derive Mine from HyperParameterTuningJobOperator.") in changes


@pytest.mark.parametrize(
    "name", ['f"job-{datetime.now():%H%M}"', '"job-" + uuid4().hex', '"job-{{ macros.datetime.now() }}"']
)
def test_names_that_are_others_in_each_try(name):
    ((_, rule, what),) = found(f'CONFIG = {{"HyperParameterTuningJobName": {name}}}')
    assert (rule, what) == ("name", "Leave HyperParameterTuningJobName out.")


def test_wait_for_completion_that_was_ignored():
    looks = found(f"{IMPORT}\nSageMakerTuningOperator(deferrable=True, wait_for_completion=False)")
    assert (2, "behaviour", "wait_for_completion=False will not wait.") in looks


def test_the_command(tmp_path, capsys):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "theirs.py").write_text(THEIRS)
    (tmp_path / "broken.py").write_text("def (:\n")
    (tmp_path / "latin.py").write_bytes("# -*- coding: latin-1 -*-\nname = 'é'\n".encode("latin-1"))
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "theirs.py").write_text(THEIRS)

    assert main(["migrate-check", str(tmp_path)]) == 1
    text = capsys.readouterr().out
    assert f"{tmp_path / 'sub' / 'theirs.py'}:9:9: change [parameter] Rename check_interval" in text
    assert f"{tmp_path / 'broken.py'}:1:1: change [unreadable]" in text
    assert text.endswith("3 files read: 7 to change, 3 to review.\n")

    assert main(["migrate-check", str(tmp_path), "--format", "json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert (report["files"], report["to_change"], report["to_look_at"]) == (3, 7, 3)
    assert len(report["findings"]) == 10
    assert report["findings"][1]["rule"] == "import"


def test_nothing_to_change(capsys):
    assert main(["migrate-check", str(example_dags())]) == 0
    assert "0 to change, 0 to review" in capsys.readouterr().out


def test_nothing_is_run(tmp_path):
    (tmp_path / "dag.py").write_text(f"raise SystemExit(9)\n{IMPORT}\n")
    assert check_folder(tmp_path).count("change") == 1


@pytest.mark.parametrize("source", ["x = " + "+".join("1" * 20_000), "x = 1\0"], ids=["too deep", "null"])
def test_a_file_that_cannot_be_read_does_not_end_the_report(tmp_path, source):
    (tmp_path / "a.py").write_text(source)
    (tmp_path / "b.py").write_text(IMPORT)
    rules = [finding.rule for finding in check_folder(tmp_path).findings]
    assert rules == ["unreadable", "import"]


def test_what_python_itself_would_warn_of_is_no_finding(tmp_path):
    (tmp_path / "dag.py").write_text('import re\nDIGIT = re.compile("\\d")\n')
    assert check_folder(tmp_path).findings == ()


def test_a_folder_that_is_not_there(tmp_path, capsys):
    assert main(["migrate-check", str(tmp_path / "nowhere")]) == 2
    assert "file or folder not found" in capsys.readouterr().err


def test_a_hint_at_each_call_of_the_sdk():
    source = (FOLDER / "workflow_config.txt").read_text()
    assert [one for one in found(source, severity="change") if one[1] == "config"] == [
        (10, "config", "Write the request in place of tuning_config(...)."),
        (13, "config", 'Write the config in place of model_config_from_estimator(... task_type="tuning").'),
    ]
    model = next(one for one in check_source(source, "dag.py") if one.line == 13)
    assert '{{ ti.xcom_pull("tune")["best_training_job"] }}' in model.why


@pytest.mark.parametrize(
    ("source", "severities"),
    [
        ("from sagemaker.workflow import airflow as wf\nwf.tuning_config(tuner)", ["change"]),
        ("import sagemaker.workflow.airflow\nsagemaker.workflow.airflow.tuning_config(tuner)", ["change"]),
        ("from sagemaker.workflow.airflow import *\ntransform_config_from_estimator(e, 'a', 'tuning')", ["change"]),
        ("from sagemaker.workflow.airflow import model_config_from_estimator as f\nf(e, 'a', KIND)", ["look"]),
        ("from sagemaker.workflow.airflow import model_config_from_estimator as f\nf(e, 'a', **more)", ["look"]),
        ("from sagemaker.workflow.airflow import model_config_from_estimator as f\nf(e, 'a', 'training')", []),
        ("from sagemaker.workflow.airflow import training_config\ntraining_config(e)", []),
        ("from mine import tuning_config\ntuning_config(tuner)", []),
    ],
)  # fmt: skip
def test_the_sdks_functions_by_every_name(source, severities):
    assert [one.severity for one in check_source(source, "dag.py")] == severities
