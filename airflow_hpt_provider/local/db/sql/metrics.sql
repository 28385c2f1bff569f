-- name: list
-- One row for each metric of each training job, behind a place in this order.
SELECT jobs.id AS id, jobs.name AS job, metrics.name AS name
FROM metrics JOIN training_jobs AS jobs ON jobs.id = metrics.training_job_id
WHERE (:job IS NULL OR jobs.name = :job) AND (:name IS NULL OR metrics.name = :name)
    AND (jobs.id > :after_id OR (jobs.id = :after_id AND metrics.name > :after_name))
GROUP BY jobs.id, metrics.name
HAVING MAX(metrics.at) >= :active_since
ORDER BY jobs.id, metrics.name
LIMIT :limit;

-- name: values
SELECT metrics.at AS at, metrics.value AS value
FROM metrics JOIN training_jobs AS jobs ON jobs.id = metrics.training_job_id
WHERE jobs.key = lower(:job) AND jobs.name = :job AND metrics.name = :name
    AND metrics.at >= :since AND metrics.at < :until
ORDER BY metrics.at, metrics.id;
