-- What searches and lists are put together from: SQL goes into the curly braces, in their order.

-- name: count
SELECT COUNT(*) FROM {} WHERE {}

-- name: found
-- The limit, which is none, keeps SQLite from working the value out again wherever it is used.
SELECT id, {} AS sorted_by FROM (SELECT job.id AS id, {} AS value FROM {} WHERE {} LIMIT -1)

-- name: page
-- Those without a value come last, whichever way the others are sorted.
SELECT id, sorted_by FROM ({}) WHERE {} ORDER BY sorted_by IS NULL, sorted_by {}, id {} LIMIT {}

-- name: some_element
EXISTS (SELECT 1 FROM json_each({}, {}) AS {} WHERE {})

-- name: some_value
EXISTS (SELECT 1 FROM json_each({}, {}) AS {} WHERE {} = {} AND ({}))

-- name: value_of_key
(SELECT value FROM json_each({}, {}) WHERE key = {})

-- name: keys
SELECT DISTINCT {} AS key FROM {}

-- name: tag_keys
SELECT DISTINCT key FROM tags WHERE arn IN (SELECT job.arn FROM {})

-- name: metric_names
SELECT DISTINCT name AS key FROM metrics

-- name: elements
{}, json_each({}, {}) AS {}

-- name: of_training_plan
-- A condition on a training job: its ResourceConfig names this training plan.
definition_id IN (SELECT id FROM definitions WHERE json_extract(body, '$.ResourceConfig.TrainingPlanArn') = ?)
