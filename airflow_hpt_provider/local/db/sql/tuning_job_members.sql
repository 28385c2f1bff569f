-- What Search knows of a tuning job: as in training_job_members.sql, for SageMaker's HyperParameterTuningJobSearchEntity.

-- name: rows
tuning_jobs AS job

-- name: document
job.request

-- name: HyperParameterTuningJobName
job.name

-- name: HyperParameterTuningJobArn
job.arn

-- name: HyperParameterTuningJobConfig
json_patch('{"TrainingJobEarlyStoppingType": "Off"}', json_extract(job.request, '$.HyperParameterTuningJobConfig'))

-- name: TrainingJobDefinition
(SELECT {described} FROM json_each(job.request) AS definition WHERE definition.key = 'TrainingJobDefinition')

-- name: TrainingJobDefinitions
(SELECT json_group_array(json({described}))
 FROM json_each(job.request, '$.TrainingJobDefinitions') AS definition)

-- name: described
-- A training definition as it is shown: its switches, and the objective's name among its static hyperparameters.
json_patch(json_patch(
    '{"EnableNetworkIsolation": false, "EnableInterContainerTrafficEncryption": false,
      "EnableManagedSpotTraining": false}',
    CASE WHEN json_extract(definition.value, '$.HyperParameterTuningResourceConfig.InstanceType') IS NULL
        OR json_extract(definition.value, '$.ResourceConfig') IS NOT NULL THEN definition.value
    ELSE json_set(definition.value, '$.ResourceConfig', json((SELECT json_object(
        'InstanceType', json_extract(config, '$.InstanceType'),
        'InstanceCount', json_extract(config, '$.InstanceCount'),
        'VolumeSizeInGB', json_extract(config, '$.VolumeSizeInGB'),
        'VolumeKmsKeyId', json_extract(config, '$.VolumeKmsKeyId'))
        FROM (SELECT json_patch(
            json_extract(definition.value, '$.HyperParameterTuningResourceConfig'),
            COALESCE(json_extract(definition.value, '$.HyperParameterTuningResourceConfig.InstanceConfigs[0]'), '{}')
        ) AS config)))) END),
    json_object('StaticHyperParameters', json_object('_tuning_objective_metric', COALESCE(
        json_extract(definition.value, '$.TuningObjective.MetricName'),
        json_extract(job.request,
            '$.HyperParameterTuningJobConfig.HyperParameterTuningJobObjective.MetricName')))))

-- name: HyperParameterTuningJobStatus
job.status

-- name: CreationTime
job.created_at

-- name: HyperParameterTuningEndTime
job.ended_at

-- name: LastModifiedTime
job.modified_at

-- name: TrainingJobStatusCounters
json_object('Completed', job.completed, 'InProgress', job.in_progress, 'RetryableError', job.retryable_error,
    'NonRetryableError', job.non_retryable_error, 'Stopped', job.stopped)

-- name: ObjectiveStatusCounters
json_object('Succeeded', job.objective_succeeded, 'Pending', job.objective_pending,
    'Failed', job.objective_failed)

-- name: BestTrainingJob
(SELECT {trained} FROM training_jobs AS best
 WHERE best.tuning_job_id = job.id AND best.loss IS NOT NULL AND best.objective_status = 'Succeeded'
 ORDER BY best.loss, best.id LIMIT 1)

-- name: OverallBestTrainingJob
-- Of a warm start on identical data and algorithm: the best of its own and its parents' training jobs.
iif(json_extract(job.request, '$.WarmStartConfig.WarmStartType') = 'IdenticalDataAndAlgorithm',
    (SELECT json_set({trained}, '$.TuningJobName', best.tuning_job_name) FROM (
        SELECT job.id AS id, -1 AS number
        UNION ALL
        SELECT parent.id, named.key
        FROM json_each(job.request, '$.WarmStartConfig.ParentHyperParameterTuningJobs') AS named
        JOIN tuning_jobs AS parent ON parent.key = lower(json_extract(named.value, '$.HyperParameterTuningJobName'))
    ) AS searched JOIN training_jobs AS best ON best.tuning_job_id = searched.id
     WHERE best.loss IS NOT NULL AND best.objective_status = 'Succeeded'
     ORDER BY best.loss, searched.number, best.id LIMIT 1), NULL)

-- name: trained
-- A training job of a tuning job's, as its lists show it. quote, since json_object keeps 15 digits of a number.
json_object('TrainingJobDefinitionName', best.definition_name, 'TrainingJobName', best.name,
    'TrainingJobArn', best.arn, 'CreationTime', best.created_at, 'TrainingStartTime', best.started_at,
    'TrainingEndTime', best.ended_at, 'TrainingJobStatus', best.status,
    'TunedHyperParameters', json(best.tuned), 'FailureReason', best.failure_reason,
    'FinalHyperParameterTuningJobObjectiveMetric', json_object(
        'MetricName', best.objective_metric, 'Value', json(quote(best.objective_value))),
    'ObjectiveStatus', best.objective_status)

-- name: FailureReason
job.failure_reason

-- name: TuningJobCompletionDetails
json_object('NumberOfTrainingJobsObjectiveNotImproving', job.not_improving,
    'ConvergenceDetectedTime', job.converged_at)

-- name: ConsumedResources
-- Of a job that runs, so far.
json_object('RuntimeInSeconds', CAST(
    COALESCE(job.ended_at, (julianday('now') - 2440587.5) * 86400.0) - job.created_at AS INTEGER))

-- name: Tags
(SELECT json_group_array(json_object('Key', key, 'Value', value)) FROM tags WHERE arn = job.arn)

-- name: Tag
(SELECT value FROM tags WHERE arn = job.arn AND key = ?)
