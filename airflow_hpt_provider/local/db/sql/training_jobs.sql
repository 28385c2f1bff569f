-- name: insert_definition
INSERT INTO definitions (body) VALUES (:body);

-- name: definition
SELECT body FROM definitions WHERE id = :id;

-- name: training_plan
SELECT json_extract(body, '$.ResourceConfig.TrainingPlanArn') AS arn FROM definitions WHERE id = :id;

-- name: insert
INSERT INTO training_jobs (
    name, key, arn, definition_id, definition_name, definition_index, tuning_job_id, tuning_job_name,
    tuning_job_arn, number, point, budget, bracket, hyperparameters, tuned, status, secondary_status,
    objective_type, objective_metric, created_at, modified_at)
VALUES (
    :name, lower(:name), :arn, :definition_id, :definition_name, :definition_index, :tuning_job_id,
    :tuning_job_name, :tuning_job_arn, :number, :point, :budget, :bracket, :hyperparameters, :tuned,
    'InProgress', 'Pending', :objective_type, :objective_metric, :now, :now);

-- name: by_name
SELECT * FROM training_jobs WHERE key = lower(:name);

-- name: by_id
SELECT * FROM training_jobs WHERE id = :id;

-- name: of_tuning_job
SELECT * FROM training_jobs WHERE tuning_job_id = :tuning_job_id ORDER BY number;

-- name: unfinished
SELECT * FROM training_jobs WHERE status IN ('InProgress', 'Stopping') ORDER BY id;

-- name: best
-- The training job with the best final objective; of equals, the earliest.
SELECT * FROM training_jobs
WHERE tuning_job_id = :tuning_job_id AND loss IS NOT NULL AND objective_status = 'Succeeded'
ORDER BY loss, id LIMIT 1;

-- name: set_secondary_status
UPDATE training_jobs SET secondary_status = :status, modified_at = MAX(modified_at, :now) WHERE id = :id;

-- name: set_attempt_started
UPDATE training_jobs
SET started_at = COALESCE(started_at, :now), attempt_started_at = COALESCE(attempt_started_at, :now)
WHERE id = :id;

-- name: directories
SELECT directory FROM training_jobs WHERE directory IS NOT NULL;

-- name: set_directory
UPDATE training_jobs SET directory = :directory WHERE id = :id;

-- name: set_definition
UPDATE training_jobs SET definition_id = :definition_id, modified_at = :now WHERE id = :id;

-- name: set_stopping
UPDATE training_jobs SET status = :status, stop_reason = :stop_reason, modified_at = :now WHERE id = :id;

-- name: set_attempt_ended
-- Before the next attempt: the time of this one is billed, its log is done with.
UPDATE training_jobs
SET attempt = attempt + 1, retries = retries + :retry, stop_reason = NULL, log_position = 0,
    billable_seconds = billable_seconds
        + MAX(0, :attempt_ended_at - COALESCE(attempt_started_at, :attempt_ended_at)),
    attempt_started_at = NULL, modified_at = :now
WHERE id = :id;

-- name: set_ended
UPDATE training_jobs
SET status = :status, failure_reason = :failure_reason, retryable = :retryable,
    model_artifact = :model_artifact, objective_status = :objective_status,
    objective_value = :objective_value, loss = :loss,
    billable_seconds = billable_seconds + MAX(0, :ended_at - COALESCE(attempt_started_at, :ended_at)),
    attempt_started_at = NULL, ended_at = :ended_at, modified_at = :now
WHERE id = :id;

-- name: delete
DELETE FROM training_jobs WHERE id = :id;

-- name: end_transition
UPDATE transitions SET ended_at = :now WHERE training_job_id = :id AND ended_at IS NULL;

-- name: insert_transition
INSERT INTO transitions (training_job_id, status, message, started_at, ended_at)
VALUES (:id, :status, :message, :now, :ended_at);

-- name: transitions
SELECT status, message, started_at, ended_at FROM transitions WHERE training_job_id = :id ORDER BY id;

-- name: insert_metric
INSERT INTO metrics (training_job_id, name, value, at) VALUES (:id, :name, :value, :at);

-- name: delete_metrics
DELETE FROM metrics WHERE training_job_id = :id;

-- name: set_log_position
UPDATE training_jobs SET log_position = :position WHERE id = :id;

-- name: final_metrics
-- The last value of each metric (SQLite takes the other columns from the row that has the maximum).
SELECT name, value, at, MAX(id) FROM metrics WHERE training_job_id = :id GROUP BY name ORDER BY name;

-- name: curves
-- (training job, value) of the objective metric, in order of emission.
SELECT metrics.training_job_id AS id, metrics.value AS value
FROM metrics JOIN training_jobs ON training_jobs.id = metrics.training_job_id
WHERE training_jobs.tuning_job_id = :tuning_job_id AND metrics.name = training_jobs.objective_metric
ORDER BY metrics.id;

-- name: pending
SELECT * FROM training_jobs WHERE status = 'InProgress' AND secondary_status = 'Pending' ORDER BY id
LIMIT :limit;

-- name: active
SELECT COUNT(*) AS total, COALESCE(SUM(tuning_job_arn IS NULL), 0) AS alone FROM training_jobs
WHERE status = 'Stopping' OR (status = 'InProgress' AND secondary_status <> 'Pending');
