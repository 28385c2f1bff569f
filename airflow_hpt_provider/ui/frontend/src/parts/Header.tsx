/** The tuning job at a glance, and the button that stops it. */

import { airflowRun, stop, taskPath } from "../api";
import { duration, number, plural, roughly, time } from "../format";
import { bestOf, billableSeconds, secondsLeft, tookSeconds } from "../metrics";
import type { TaskInstance, Tuning } from "../model";
import { useNow } from "../polling";
import { OutwardLink } from "./OutwardLink";
import { StatusBadge } from "./StatusBadge";
import { StopButton } from "./StopButton";
import { TrainingJobLink } from "./TrainingJobLink";

interface Props {
  tuning: Tuning;
  task: TaskInstance;
  onStopped: () => void;
  onOpen: (name: string) => void;
}

export function Header({ tuning, task, onStopped, onOpen }: Props) {
  const { job } = tuning;
  const now = useNow(!job.ended);
  const best = bestOf(tuning);
  const left = secondsLeft(tuning, now);
  const instances = [...new Set(job.instances.map((one) => `${one.count} × ${one.type ?? "?"}`))].join(", ");
  return (
    <header>
      <div class="title">
        <div>
          <h1>{job.name}</h1>
          <p class="muted">
            {job.strategy} search · started {time(job.created_at)}
            {job.early_stopping === "Auto" && " · early stopping"}
          </p>
        </div>
        <div class="actions">
          <span role="status">
            <StatusBadge of={job.status} />
          </span>
          <a class="button" href={taskPath(task, "/request.yaml")} download={`${job.name}.yaml`} title="Download this job's request as YAML">
            Use as a new request
          </a>
          {"task_id" in task && tuning.hasForm && (
            <OutwardLink
              href={airflowRun(task)}
              title="Opens the DAG run. “Trigger again with this config” opens the trigger form there, filled in with the values of this run (Airflow 3.2 and newer)."
            >
              Trigger again
            </OutwardLink>
          )}
          {tuning.canStop && job.status === "InProgress" && (
            <StopButton
              question="Stop this tuning job?"
              confirm="Stop tuning job"
              send={() => stop(task)}
              onStopped={onStopped}
            >
              {job.counters.in_progress > 0 ? `${plural(job.counters.in_progress, "running training job")} will be stopped` : "No training job is running"}, and no
              more are started. This cannot be undone. The task's <code>on_stopped</code> policy then decides how the task ends.
            </StopButton>
          )}
        </div>
      </div>
      {job.failure_reason && <p class="reason">{job.failure_reason}</p>}
      {job.warning && (
        <p class="reason" role="status">
          {job.warning}
        </p>
      )}
      <Progress tuning={tuning} />
      <dl class="stats">
        <div class="stat-best">
          <dt>
            Best {job.objective?.metric ?? "objective"} <span class="muted">({tuning.minimize ? "smallest" : "largest"})</span>
          </dt>
          <dd>
            <strong class={best ? "" : "muted"}>{best ? number(best.metric) : "–"}</strong>
            {best ? (
              <small>
                training job <TrainingJobLink name={best.name} job={job.name} onOpen={onOpen} />
              </small>
            ) : (
              <small>no training job has reported it{!job.ended && " yet"}</small>
            )}
          </dd>
        </div>
        <div>
          <dt>{job.ended ? "Duration" : "Elapsed"}</dt>
          <dd>{duration(tookSeconds(job, now))}</dd>
        </div>
        {!job.ended && (
          <div>
            <dt>Time left</dt>
            <dd title="Assumes that the rest takes as long as before. Completion criteria may end the job earlier.">{roughly(left)}</dd>
          </div>
        )}
        <div>
          <dt>Billable time</dt>
          <dd title="Training seconds of all instances: what SageMaker bills, without spot discounts.">
            {duration(billableSeconds(tuning, now))}
            <small>{instances}</small>
          </dd>
        </div>
      </dl>
    </header>
  );
}

function Progress({ tuning: { job, trainingJobs } }: { tuning: Tuning }) {
  const { completed, in_progress, failed, stopped } = job.counters;
  const launched = completed + in_progress + failed + stopped;
  const total = Math.max(job.max_training_jobs ?? launched, launched, 1);
  const parts: [string, number, string][] = [
    ["completed", completed, "done"],
    ["running", in_progress, "running"],
    ["stopped", stopped, "quiet"],
    ["failed", failed, "failed"],
  ];
  const finished = completed + failed + stopped;
  return (
    <div class="progress">
      <div
        class="bar"
        role="progressbar"
        aria-label="Training jobs that have ended"
        aria-valuemin={0}
        aria-valuemax={total}
        aria-valuenow={finished}
        aria-valuetext={`${finished} of ${plural(total, "training job")} ended`}
      >
        {parts.map(([name, count, tone]) => (
          <i key={name} class={`part part-${tone}`} style={{ width: `${(count / total) * 100}%` }} />
        ))}
      </div>
      <p class="legend">
        <span>
          <b>{finished}</b> of {job.max_training_jobs ?? trainingJobs.length} training jobs
        </span>
        {parts
          .filter(([, count]) => count > 0)
          .map(([name, count, tone]) => (
            <span key={name} class={`key key-${tone}`}>
              {count} {name}
            </span>
          ))}
      </p>
    </div>
  );
}
