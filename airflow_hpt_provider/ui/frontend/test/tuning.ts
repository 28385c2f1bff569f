/** A small tuning job for the tests. */

import type { Answer, ListedJob, Tuning } from "../src/model";
import { fromAnswer } from "../src/model";

export function answer(change: Partial<Answer["job"]> = {}): Answer {
  return {
    version: 1,
    page: { task: { dag_id: "d", run_id: "r", task_id: "t", map_index: -1, state: "running" }, can_stop: true },
    job: {
      name: "churn",
      arn: "arn:aws:sagemaker:us-east-1:123456789012:hyper-parameter-tuning-job/churn",
      status: "InProgress",
      ended: false,
      failure_reason: null,
      warning: null,
      strategy: "Bayesian",
      early_stopping: null,
      objective: { metric: "loss", type: "Minimize" },
      created_at: 1000,
      ended_at: null,
      max_training_jobs: 8,
      max_parallel: 2,
      max_seconds: null,
      counters: { completed: 3, in_progress: 1, failed: 1, stopped: 0 },
      best: "churn-003-c",
      overall_best: null,
      warm_start: null,
      instances: [{ definition: null, type: "ml.m5.large", count: 2 }],
      ...change,
    },
    parameters: [
      { name: "lr", kind: "continuous", scale: "log", min: 0.001, max: 1 },
      { name: "booster", kind: "categorical", values: ["gbtree", "dart"] },
    ],
    training_jobs: {
      name: ["churn-001-a", "churn-002-b", "churn-003-c", "churn-004-d", "churn-005-e"],
      status: ["Completed", "Failed", "Completed", "Completed", "InProgress"],
      metric: [0.5, null, 0.2, 0.3, null],
      created: [1000, 1000, 1100, 1100, 1200],
      started: [1000, 1000, 1100, 1100, 1200],
      ended: [1100, 1010, 1200, 1200, null],
      definition: [null, null, null, null, null],
      reason: [null, 0, null, null, null],
      values: { lr: [0.1, 0.9, 0.01, 0.02, 0.03], booster: ["gbtree", "dart", "dart", "gbtree", "dart"] },
    },
    reasons: [{ text: "AlgorithmError: boom\nat line 7", headline: "AlgorithmError: boom" }],
  };
}

export const tuning = (change: Partial<Answer["job"]> = {}): Tuning => fromAnswer(answer(change));

/** The same with another name and other metrics. */
export function tuningOf(name: string, metrics: (number | null)[], change: Partial<Answer["job"]> = {}): Tuning {
  const base = answer({ name, ...change });
  return fromAnswer({ ...base, training_jobs: { ...base.training_jobs, metric: metrics, status: metrics.map(() => "Completed") } });
}

/** A row of a list of tuning jobs. */
export const listed = (name: string, change: Partial<ListedJob> = {}): ListedJob => ({
  dag_id: "d",
  run_id: "r",
  task_id: "t",
  map_index: -1,
  task_state: "success",
  name,
  announced: 1000,
  final_metric: null,
  status: "Completed",
  strategy: "Bayesian",
  created_at: 1000,
  ended_at: 1300,
  finished: 5,
  failed: 0,
  max_training_jobs: 8,
  ...change,
});
