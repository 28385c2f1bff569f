-- What Search knows of a training job: an SQL expression for each member of SageMaker's TrainingJob that is not simply
-- in its definition. Scalars as they are, structures and lists as JSON; times are seconds since the epoch.
-- What the operations answer is made in Python: tests/integration/local_engine holds the two against each other.

-- name: rows
training_jobs AS job LEFT JOIN definitions ON definitions.id = job.definition_id

-- name: document
definitions.body

-- name: TrainingJobName
job.name

-- name: TrainingJobArn
job.arn

-- name: TuningJobArn
job.tuning_job_arn

-- name: ModelArtifacts
json_object('S3ModelArtifacts', COALESCE(job.model_artifact,
    rtrim(json_extract(definitions.body, '$.OutputDataConfig.S3OutputPath'), '/') || '/' || job.name || '/output/'
    || iif(json_extract(definitions.body, '$.OutputDataConfig.CompressionType') = 'NONE', 'model', 'model.tar.gz')))

-- name: TrainingJobStatus
job.status

-- name: SecondaryStatus
job.secondary_status

-- name: FailureReason
job.failure_reason

-- name: HyperParameters
job.hyperparameters

-- name: OutputDataConfig
json_patch('{"KmsKeyId": ""}', json_extract(definitions.body, '$.OutputDataConfig'))

-- name: CreationTime
job.created_at

-- name: TrainingStartTime
job.started_at

-- name: TrainingEndTime
job.ended_at

-- name: LastModifiedTime
job.modified_at

-- name: SecondaryStatusTransitions
(SELECT json_group_array(json_object(
    'Status', status, 'StartTime', started_at, 'EndTime', ended_at, 'StatusMessage', message))
 FROM (SELECT * FROM transitions WHERE training_job_id = job.id ORDER BY id))

-- name: FinalMetricDataList
-- quote, since json_object keeps 15 digits of a number, and a double has 17.
(SELECT json_group_array(json_object('MetricName', name, 'Value', json(quote(float32(value))), 'Timestamp', round(at, 3)))
 FROM (SELECT name, value, at, MAX(id) FROM metrics WHERE training_job_id = job.id GROUP BY name ORDER BY name))

-- name: Metrics
-- A metric's last value, in the single precision of responses.
(SELECT float32(value) FROM metrics WHERE training_job_id = job.id AND name = ? ORDER BY id DESC LIMIT 1)

-- name: EnableNetworkIsolation
COALESCE(json_extract(definitions.body, '$.EnableNetworkIsolation'), 0)

-- name: EnableInterContainerTrafficEncryption
COALESCE(json_extract(definitions.body, '$.EnableInterContainerTrafficEncryption'), 0)

-- name: EnableManagedSpotTraining
COALESCE(json_extract(definitions.body, '$.EnableManagedSpotTraining'), 0)

-- name: CheckpointConfig
-- Those of a tuning job have a folder each.
iif(job.tuning_job_arn IS NULL, json_extract(definitions.body, '$.CheckpointConfig'),
    json_set(json_extract(definitions.body, '$.CheckpointConfig'), '$.S3Uri',
        rtrim(json_extract(definitions.body, '$.CheckpointConfig.S3Uri'), '/') || '/' || job.name))

-- name: TrainingTimeInSeconds
-- Rounded up; 0 where the clock was set back.
iif(job.status IN ('InProgress', 'Stopping'), NULL,
    iif(job.ended_at < job.started_at, 0,
        CAST(job.ended_at - job.started_at AS INTEGER)
        + (job.ended_at - job.started_at > CAST(job.ended_at - job.started_at AS INTEGER))))

-- name: BillableTimeInSeconds
iif(job.status IN ('InProgress', 'Stopping') OR job.started_at IS NULL, NULL,
    CAST(job.billable_seconds AS INTEGER) + (job.billable_seconds > CAST(job.billable_seconds AS INTEGER)))

-- name: Tags
(SELECT json_group_array(json_object('Key', key, 'Value', value)) FROM tags WHERE arn = job.arn)

-- name: Tag
(SELECT value FROM tags WHERE arn = job.arn AND key = ?)
