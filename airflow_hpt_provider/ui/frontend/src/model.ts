/** What the server sends of a tuning job (see ui/document.py), and the same by rows. Times are seconds since 1970. */

/** What is shown instead of data (see ui/problems.py). */
export interface Problem {
  kind: string;
  title: string;
  detail: string;
  remedy: string;
  /** Of a config that the task has refused. */
  problems?: { field: string; problem: string; remedy: string }[];
}

export interface Parameter {
  name: string;
  kind: "continuous" | "integer" | "categorical";
  scale?: "linear" | "log" | "reverse_log";
  min?: number | null;
  max?: number | null;
  values?: string[];
}

export interface Job {
  name: string;
  arn: string;
  status: string;
  ended: boolean;
  failure_reason: string | null;
  warning: string | null;
  strategy: string;
  early_stopping: string | null;
  objective: { metric: string; type: "Minimize" | "Maximize" } | null;
  created_at: number;
  ended_at: number | null;
  max_training_jobs: number | null;
  max_parallel: number | null;
  max_seconds: number | null;
  counters: { completed: number; in_progress: number; failed: number; stopped: number };
  best: string | null;
  overall_best: { training_job: string; job: string | null; metric: number | null } | null;
  warm_start: { type: string; parents: string[] } | null;
  instances: { definition: string | null; type: string | null; count: number }[];
}

export type Value = number | string | null;

export interface Answer {
  version: number;
  page?: { task?: TaskKey & { state: string | null }; connection?: string; can_stop: boolean; has_form?: boolean };
  job: Job;
  parameters: Parameter[];
  training_jobs: {
    name: string[];
    status: string[];
    metric: (number | null)[];
    created: (number | null)[];
    started: (number | null)[];
    ended: (number | null)[];
    definition: (string | null)[];
    reason: (number | null)[];
    values: Record<string, Value[]>;
    /** The final value of every metric, the objective's included; absent in documents of older servers. */
    metrics?: Record<string, (number | null)[]>;
  };
  reasons: { text: string; headline: string }[];
}

export interface TaskKey {
  dag_id: string;
  run_id: string;
  task_id: string;
  map_index: number;
}

/** A tuning job by its name, of a connection: also one that no task has made. */
export interface NamedJob {
  connection: string;
  name: string;
}

/** Where the page of a tuning job gets its data: from a task instance, or from a connection. */
export type TaskInstance = TaskKey | NamedJob;

/** A row of a list of tuning jobs (see ui/listing.py): what Airflow knows, and SageMaker if it is among its newest. */
export interface ListedJob extends TaskKey {
  task_state: string | null;
  name: string;
  announced: number;
  final_metric: number | null;
  status: string | null;
  strategy: string | null;
  created_at: number | null;
  ended_at: number | null;
  finished: number | null;
  failed: number | null;
  max_training_jobs: number | null;
}

/** One training job (see ui/training_job.py). */
export interface TrainingJobDetail {
  name: string;
  status: string;
  secondary_status: string | null;
  failure_reason: string | null;
  created: number | null;
  started: number | null;
  ended: number | null;
  training_seconds: number | null;
  billable_seconds: number | null;
  spot: boolean;
  machine: { instances: { type: string | null; count: number }[]; volume_gb: number | null };
  max_seconds: number | null;
  image: string | null;
  metrics: { name: string; value: number | null; at: number | null }[];
  /** Those that may have a learning curve. */
  curve_metrics: string[];
  transitions: { status: string; started: number | null; ended: number | null; message: string | null }[];
  /** Names whose values the page does not show. */
  hidden: { hyperparameters: string[]; environment: string[] };
  artifact: string | null;
  links: { console?: string; logs?: string; artifact?: string };
  /** YAML. */
  config: string;
  can_stop: boolean;
}

/** A page of a training job's log (see ui/training_log.py). */
export interface LogPage {
  streams: string[];
  stream: string | null;
  lines: [number, string][];
  earlier: string | null;
  later: string | null;
}

export interface JobListing {
  jobs: ListedJob[];
  problems: Problem[];
  /** Where the next page begins; null if there is none. */
  older?: string | null;
}

export interface TrainingJobRow {
  /** 1 for the first. */
  number: number;
  name: string;
  status: string;
  metric: number | null;
  created: number | null;
  started: number | null;
  ended: number | null;
  /** Seconds of training; null before its end. */
  duration: number | null;
  definition: string | null;
  headline: string | null;
  reason: string | null;
  values: Record<string, Value>;
}

export interface Tuning {
  job: Job;
  parameters: Parameter[];
  trainingJobs: TrainingJobRow[];
  canStop: boolean;
  /** Whether Airflow has a trigger form for the DAG. */
  hasForm: boolean;
  minimize: boolean;
}

/** An answer by rows. */
export function fromAnswer(answer: Answer): Tuning {
  const { training_jobs: columns, reasons, parameters, job } = answer;
  const rows = columns.name.map((name, i): TrainingJobRow => {
    const started = columns.started[i] ?? null;
    const ended = columns.ended[i] ?? null;
    const reason = reasons[columns.reason[i] ?? -1];
    return {
      number: i + 1,
      name,
      status: columns.status[i] ?? "",
      metric: columns.metric[i] ?? null,
      created: columns.created[i] ?? null,
      started,
      ended,
      duration: started !== null && ended !== null ? Math.max(0, ended - started) : null,
      definition: columns.definition[i] ?? null,
      headline: reason?.headline ?? null,
      reason: reason?.text ?? null,
      values: Object.fromEntries(parameters.map((p) => [p.name, columns.values[p.name]?.[i] ?? null])),
    };
  });
  return {
    job,
    parameters,
    trainingJobs: rows,
    canStop: answer.page?.can_stop ?? false,
    hasForm: answer.page?.has_form ?? false,
    minimize: job.objective?.type !== "Maximize",
  };
}
