-- A list of one status, newest first or by name, read in its own order: without these every match is sorted.
CREATE INDEX tuning_jobs_by_status_and_creation ON tuning_jobs (status, created_at, id);
CREATE INDEX tuning_jobs_by_status_and_name ON tuning_jobs (status, key, id);
CREATE INDEX training_jobs_by_status_and_creation ON training_jobs (status, created_at, id);
CREATE INDEX training_jobs_by_status_and_name ON training_jobs (status, key, id);
