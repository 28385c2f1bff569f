-- A training job's directory, below the one of all training jobs: its name, and where a deleted job had that one, its
-- name and id. NULL until it is first launched; those that had been launched before this have their names.
ALTER TABLE training_jobs ADD COLUMN directory TEXT;
UPDATE training_jobs SET directory = name WHERE secondary_status <> 'Pending';
