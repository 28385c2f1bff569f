-- name: insert
INSERT INTO tuning_jobs (name, key, arn, status, strategy, request, seed, created_at, modified_at)
VALUES (:name, lower(:name), :arn, 'InProgress', :strategy, :request, :seed, :now, :now);

-- name: by_name
SELECT * FROM tuning_jobs WHERE key = lower(:name);

-- name: by_id
SELECT * FROM tuning_jobs WHERE id = :id;

-- name: unfinished
SELECT * FROM tuning_jobs WHERE status IN ('InProgress', 'Stopping') ORDER BY id;

-- name: count_in_progress
SELECT COUNT(*) FROM tuning_jobs WHERE status = 'InProgress';

-- name: set_ending
UPDATE tuning_jobs
SET ending = :ending, status = :status, modified_at = :now
WHERE id = :id;

-- name: set_ended
UPDATE tuning_jobs
SET status = :status, failure_reason = :failure_reason, ended_at = :now, modified_at = :now
WHERE id = :id;

-- name: set_progress
UPDATE tuning_jobs SET not_improving = :not_improving, converged_at = :converged_at WHERE id = :id;

-- name: recount
-- The counters are counted, never added to: so they always add up.
UPDATE tuning_jobs SET
    (launched, completed, in_progress, retryable_error, non_retryable_error, stopped,
     objective_succeeded, objective_pending, objective_failed) = (
        SELECT COUNT(*),
               COALESCE(SUM(status = 'Completed'), 0),
               COALESCE(SUM(status IN ('InProgress', 'Stopping')), 0),
               COALESCE(SUM(status = 'Failed' AND retryable), 0),
               COALESCE(SUM(status = 'Failed' AND NOT retryable), 0),
               COALESCE(SUM(status = 'Stopped'), 0),
               COALESCE(SUM(objective_status = 'Succeeded'), 0),
               COALESCE(SUM(objective_status = 'Pending'), 0),
               COALESCE(SUM(objective_status = 'Failed'), 0)
        FROM training_jobs WHERE tuning_job_id = :id),
    modified_at = :now
WHERE id = :id;

-- name: delete
DELETE FROM tuning_jobs WHERE id = :id;

-- name: insert_definition
INSERT INTO tuning_job_definitions (tuning_job_id, number, definition_id)
VALUES (:tuning_job_id, :number, :definition_id);

-- name: definition_ids
SELECT definition_id FROM tuning_job_definitions WHERE tuning_job_id = :id ORDER BY number;
