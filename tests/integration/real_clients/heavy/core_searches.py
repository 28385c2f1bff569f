"""Run by an interpreter that has sagemaker-core, as part of the SDK's version 2 or 3: ``core_searches.py NAME``.

Searches for the tuning job of that name, which has ended, and for its training jobs: the expressions are made by the
SDK's classes, the answers read into sagemaker-core's. Prints what it made of them as JSON, last line.
"""

import json
import sys

try:  # 2.x lives in the namespace of the SDK's version 3, 1.x has its own
    from sagemaker.core import shapes
    from sagemaker.core.resources import HyperParameterTuningJob, TrainingJob
    from sagemaker.core.utilities import search_expression as search
    from sagemaker.core.utils.code_injection.codec import transform
    from sagemaker.core.utils.utils import SageMakerClient
except ImportError:
    from sagemaker.utilities import search_expression as search
    from sagemaker_core.main import shapes
    from sagemaker_core.main.code_injection.codec import transform
    from sagemaker_core.main.resources import HyperParameterTuningJob, TrainingJob
    from sagemaker_core.main.utils import SageMakerClient

name = sys.argv[1]
client = SageMakerClient().sagemaker_client


def found(resource, *, sort_by, **members):
    """All that a search finds, two a page, as sagemaker-core's shape of the resource."""
    expression = search.SearchExpression(**members).to_boto()
    asked = {"Resource": resource, "SearchExpression": expression, "MaxResults": 2}
    asked.update(SortBy=sort_by, SortOrder="Ascending")
    records = []
    for page in client.get_paginator("search").paginate(**asked):
        records += transform(page, "SearchResponse").get("results", [])
    member = "training_job" if resource == "TrainingJob" else "hyper_parameter_tuning_job"
    return [getattr(shapes.SearchRecord(**record), member) for record in records]


def equals(of, value):
    return search.Filter(of, search.Operator.EQUALS, value)


[tuning_job] = found(
    "HyperParameterTuningJob", sort_by="CreationTime", filters=[equals("HyperParameterTuningJobName", name)]
)
training_jobs = found(
    "TrainingJob",
    sort_by="Metrics.objective",
    filters=[equals("TuningJobArn", tuning_job.hyper_parameter_tuning_job_arn)],
    nested_filters=[
        search.NestedFilter("Tags", [equals("Tags.Key", "team"), equals("Tags.Value", "blue")]),
        search.NestedFilter(
            "InputDataConfig",
            [
                equals("InputDataConfig.ChannelName", "train"),
                search.Filter(
                    "InputDataConfig.DataSource.S3DataSource.S3Uri", search.Operator.CONTAINS, "/train/"
                ),
            ],
        ),
    ],
)
[listed] = [
    job
    for job in HyperParameterTuningJob.get_all(name_contains=name)
    if job.hyper_parameter_tuning_job_name == name
]
hint = {"PropertyNameQuery": {"PropertyNameHint": "Metrics.obj"}}
suggestions = client.get_search_suggestions(Resource="TrainingJob", SuggestionQuery=hint)
print(
    json.dumps(
        {
            "tuning job": tuning_job.hyper_parameter_tuning_job_status,
            "listed": listed.hyper_parameter_tuning_job_arn == tuning_job.hyper_parameter_tuning_job_arn,
            "tags": {tag.key: tag.value for tag in tuning_job.tags},
            "best": tuning_job.best_training_job.training_job_name,
            "found": [job.training_job_name for job in training_jobs],
            "objectives": [job.final_metric_data_list[0].value for job in training_jobs],
            "all": sorted(job.training_job_name for job in TrainingJob.get_all(name_contains=name)),
            "suggested": transform(suggestions, "GetSearchSuggestionsResponse")["property_name_suggestions"],
        }
    )
)
