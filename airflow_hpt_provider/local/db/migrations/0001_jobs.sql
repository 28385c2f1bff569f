-- Tuning jobs, the training jobs they launch (and those launched alone), and their metrics and tags.
-- Times are seconds since the epoch. `key` is the name in lower case: names are unique whatever their case.

CREATE TABLE tuning_jobs (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    name            TEXT    NOT NULL,
    key             TEXT    NOT NULL UNIQUE,
    arn             TEXT    NOT NULL,
    status          TEXT    NOT NULL,
    strategy        TEXT    NOT NULL,
    request         TEXT    NOT NULL,              -- the Create request in AWS names, JSON
    seed            INTEGER NOT NULL,              -- RandomSeed, or one drawn at creation
    created_at      REAL    NOT NULL,
    modified_at     REAL    NOT NULL,
    ended_at        REAL,
    failure_reason  TEXT,
    ending          TEXT,                          -- why nothing more is launched: an engine.endings.Ending
    launched        INTEGER NOT NULL DEFAULT 0,
    not_improving   INTEGER NOT NULL DEFAULT 0,
    converged_at    REAL,
    -- The counters of Describe and List. Recounted from training_jobs in the transaction of each change.
    completed           INTEGER NOT NULL DEFAULT 0,
    in_progress         INTEGER NOT NULL DEFAULT 0,
    retryable_error     INTEGER NOT NULL DEFAULT 0,
    non_retryable_error INTEGER NOT NULL DEFAULT 0,
    stopped             INTEGER NOT NULL DEFAULT 0,
    objective_succeeded INTEGER NOT NULL DEFAULT 0,
    objective_pending   INTEGER NOT NULL DEFAULT 0,
    objective_failed    INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX tuning_jobs_by_status ON tuning_jobs (status, id);
CREATE INDEX tuning_jobs_by_creation ON tuning_jobs (created_at, id);

-- What training jobs share: a tuning job's training definitions, or the request of a job created alone.
CREATE TABLE definitions (
    id    INTEGER PRIMARY KEY,
    body  TEXT NOT NULL                            -- in AWS names, JSON
);

CREATE TABLE tuning_job_definitions (
    tuning_job_id  INTEGER NOT NULL REFERENCES tuning_jobs (id) ON DELETE CASCADE,
    number         INTEGER NOT NULL,
    definition_id  INTEGER NOT NULL REFERENCES definitions (id),
    PRIMARY KEY (tuning_job_id, number)
) WITHOUT ROWID;

CREATE TABLE training_jobs (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    name              TEXT    NOT NULL,
    key               TEXT    NOT NULL UNIQUE,
    arn               TEXT    NOT NULL,
    definition_id     INTEGER NOT NULL REFERENCES definitions (id),
    definition_name   TEXT,
    definition_index  INTEGER NOT NULL DEFAULT 0,
    tuning_job_id     INTEGER REFERENCES tuning_jobs (id) ON DELETE SET NULL,
    tuning_job_name   TEXT,
    tuning_job_arn    TEXT,
    number            INTEGER NOT NULL DEFAULT 0,  -- 1, 2, 3 ... within the tuning job
    point             TEXT    NOT NULL DEFAULT '{}', -- tuned name -> value as the strategy gave it, JSON
    budget            INTEGER,
    bracket           INTEGER,
    hyperparameters   TEXT    NOT NULL,            -- all of them, as strings, JSON
    tuned             TEXT    NOT NULL DEFAULT '{}', -- the tuned ones, as strings, JSON
    status            TEXT    NOT NULL,
    secondary_status  TEXT    NOT NULL,
    stop_reason       TEXT,                        -- why it is stopped: an engine.stop_reasons.StopReason
    failure_reason    TEXT,
    retryable         INTEGER NOT NULL DEFAULT 0,  -- failed by an internal error
    attempt           INTEGER NOT NULL DEFAULT 1,
    retries           INTEGER NOT NULL DEFAULT 0,  -- of RetryStrategy.MaximumRetryAttempts
    log_position      INTEGER NOT NULL DEFAULT 0,  -- bytes of this attempt's log whose metrics are in `metrics`
    objective_status  TEXT    NOT NULL DEFAULT 'Pending',
    objective_type    TEXT,                        -- Minimize, Maximize; NULL for a job without an objective
    objective_metric  TEXT,
    objective_value   REAL,
    loss              REAL,                        -- objective_value as something to minimise
    model_artifact    TEXT,
    billable_seconds  REAL    NOT NULL DEFAULT 0,  -- of the attempts that ended
    attempt_started_at REAL,
    created_at        REAL    NOT NULL,
    modified_at       REAL    NOT NULL,
    started_at        REAL,
    ended_at          REAL
);
CREATE INDEX training_jobs_by_tuning_job ON training_jobs (tuning_job_id, number);
CREATE INDEX training_jobs_by_loss ON training_jobs (tuning_job_id, loss, id);
CREATE INDEX training_jobs_by_status ON training_jobs (status, id);
CREATE INDEX training_jobs_by_creation ON training_jobs (created_at, id);

CREATE TABLE transitions (
    id               INTEGER PRIMARY KEY,
    training_job_id  INTEGER NOT NULL REFERENCES training_jobs (id) ON DELETE CASCADE,
    status           TEXT    NOT NULL,
    message          TEXT    NOT NULL,
    started_at       REAL    NOT NULL,
    ended_at         REAL
);
CREATE INDEX transitions_by_training_job ON transitions (training_job_id, id);

-- Every match of a MetricDefinition, in order of emission.
CREATE TABLE metrics (
    id               INTEGER PRIMARY KEY,
    training_job_id  INTEGER NOT NULL REFERENCES training_jobs (id) ON DELETE CASCADE,
    name             TEXT    NOT NULL,
    value            REAL    NOT NULL,
    at               REAL    NOT NULL
);
CREATE INDEX metrics_by_training_job ON metrics (training_job_id, name, id);

CREATE TABLE tags (
    arn    TEXT NOT NULL,
    key    TEXT NOT NULL,
    value  TEXT NOT NULL,
    PRIMARY KEY (arn, key)
) WITHOUT ROWID;
