/** One training job, in a drawer over the page, with its own address. */

import { useEffect, useRef } from "preact/hooks";

import { stop, trainingJobPath } from "../api";
import { rangeOf } from "../comparison";
import { duration, number, status, time } from "../format";
import type { Problem, TaskInstance, TrainingJobDetail, TrainingJobRow, Tuning } from "../model";
import { usePolling, useNow } from "../polling";
import { shareOf } from "../spaces";
import { CopyButton } from "./CopyButton";
import { MetricCurves } from "./Curves";
import { isRunning } from "./listParts";
import { OutwardLink } from "./OutwardLink";
import { StatusBadge } from "./StatusBadge";
import { StopButton } from "./StopButton";
import { TrainingLog } from "./TrainingLog";
import { Stages } from "./TrainingStages";

interface Props {
  tuning: Tuning;
  task: TaskInstance;
  name: string;
  onOpen: (name: string | null) => void;
  onStopped: () => void;
}

export function TrainingJob({ tuning, task, name, onOpen, onStopped }: Props) {
  const drawer = useRef<HTMLDialogElement>(null);
  const trainingJob = tuning.trainingJobs.find((one) => one.name === name);
  useEffect(() => {
    drawer.current?.showModal();
    drawer.current?.querySelector<HTMLElement>("h2")?.focus();
  }, []);
  useEffect(() => drawer.current?.scrollTo(0, 0), [name]);
  const next = trainingJob && tuning.trainingJobs[trainingJob.number];
  const previous = trainingJob && tuning.trainingJobs[trainingJob.number - 2];
  return (
    <dialog
      ref={drawer}
      class="drawer"
      aria-labelledby="training-job"
      onCancel={(event) => {
        if (event.target !== event.currentTarget) return; // of a question inside
        event.preventDefault();
        onOpen(null);
      }}
      onClick={(event) => event.target === event.currentTarget && onOpen(null)}
    >
      <div class="drawer-body">
        <div class="title">
          <div>
            <h2 id="training-job" tabIndex={-1}>
              <span class="muted">Training job </span>
              {trainingJob ? `#${trainingJob.number}` : ""}
            </h2>
            <p class="muted">
              <code>{name}</code>
            </p>
          </div>
          <div class="actions">
            <button type="button" aria-disabled={!previous} onClick={() => previous && onOpen(previous.name)}>
              Previous
            </button>
            <button type="button" aria-disabled={!next} onClick={() => next && onOpen(next.name)}>
              Next
            </button>
            <button type="button" onClick={() => onOpen(null)}>
              Close
            </button>
          </div>
        </div>
        {trainingJob ? (
          <Known key={name} {...{ tuning, task, trainingJob, onStopped }} />
        ) : (
          <p class="empty">Tuning job {tuning.job.name} has no training job of this name.</p>
        )}
      </div>
    </dialog>
  );
}

interface KnownProps {
  tuning: Tuning;
  task: TaskInstance;
  trainingJob: TrainingJobRow;
  onStopped: () => void;
}

function Known({ tuning, task, trainingJob, onStopped }: KnownProps) {
  const { value: detail, problem, reload } = usePolling<TrainingJobDetail>(trainingJobPath(task, trainingJob.name), (known) =>
    known && !isRunning(known) ? 60 : 4,
  );
  const word = detail?.status ?? trainingJob.status;
  const running = isRunning({ status: word });
  const now = useNow(running);
  const reason = detail?.failure_reason ?? trainingJob.reason;
  return (
    <>
      <div class="tools drawer-tools">
        <span role="status">
          <StatusBadge of={word} />
        </span>
        {trainingJob.name === tuning.job.best && <span class="tag">best</span>}
        <CopyButton text={trainingJob.name}>Copy name</CopyButton>
        {detail && <CopyButton text={detail.config}>Copy as config (YAML)</CopyButton>}
        {detail?.links.console && <OutwardLink href={detail.links.console} tab>SageMaker console ↗</OutwardLink>}
        {detail?.links.logs && <OutwardLink href={detail.links.logs} tab>CloudWatch ↗</OutwardLink>}
        {detail?.can_stop && word === "InProgress" && (
          <StopButton
            question="Stop this training job?"
            confirm="Stop training job"
            send={() => stop(task, trainingJobPath(task, trainingJob.name, "/stop"))}
            onStopped={() => {
              reload();
              onStopped();
            }}
          >
            It ends as Stopped. The tuning job keeps running, and may start another one in its place.
          </StopButton>
        )}
      </div>
      {problem && <Unread problem={problem} />}
      {reason && <pre class="reason-text">{reason}</pre>}
      <Figures {...{ tuning, trainingJob, detail, now }} />
      <Hyperparameters tuning={tuning} trainingJob={trainingJob} hidden={detail?.hidden.hyperparameters ?? []} />
      {detail && <Metrics detail={detail} objective={tuning.job.objective?.metric} />}
      {detail && detail.curve_metrics.length > 0 && <MetricCurves task={task} name={trainingJob.name} running={running} />}
      <TrainingLog task={task} name={trainingJob.name} running={running} />
      {detail && detail.transitions.length > 0 && <Stages transitions={detail.transitions} now={running ? now : null} />}
      {detail && <Details detail={detail} />}
    </>
  );
}

function Unread({ problem }: { problem: Problem }) {
  return (
    <p class="stale" role="alert">
      <b>{problem.title}.</b> {problem.detail} {problem.remedy}
    </p>
  );
}

function Figures({ tuning, trainingJob, detail, now }: { tuning: Tuning; trainingJob: TrainingJobRow; detail: TrainingJobDetail | null; now: number }) {
  const { created, started, ended } = { ...trainingJob, ...(detail ?? {}) };
  const running = isRunning({ status: detail?.status ?? trainingJob.status });
  const until = ended ?? (running ? now : null);
  const between = (from: number | null, to: number | null): string =>
    duration(from === null || to === null ? null : Math.max(0, to - from));
  const machine = detail?.machine.instances.map(({ type, count }) => `${count} × ${type ?? "?"}`).join(", ");
  return (
    <dl class="stats drawer-stats">
      <div>
        <dt>{tuning.job.objective?.metric ?? "Objective"}</dt>
        <dd>
          <strong class={trainingJob.metric === null ? "muted" : ""}>{number(trainingJob.metric)}</strong>
        </dd>
      </div>
      <div>
        <dt>Waited</dt>
        <dd>{between(created, started ?? until)}</dd>
      </div>
      <div>
        <dt>Trained</dt>
        <dd>{started === null ? "–" : between(started, until)}</dd>
      </div>
      <div>
        <dt>Billable</dt>
        <dd>
          {duration(detail?.billable_seconds ?? null)}
          {detail?.spot && <small>spot instances</small>}
        </dd>
      </div>
      <div>
        <dt>Machine</dt>
        <dd class="words-dd">
          {machine ?? "–"}
          {detail?.machine.volume_gb ? <small>{detail.machine.volume_gb} GB volume</small> : null}
        </dd>
      </div>
    </dl>
  );
}

function Hyperparameters({ tuning, trainingJob, hidden }: { tuning: Tuning; trainingJob: TrainingJobRow; hidden: string[] }) {
  if (!tuning.parameters.length) return null;
  return (
    <section aria-labelledby="values">
      <h3 id="values">
        Hyperparameters <span class="muted">in the space that is searched</span>
      </h3>
      <div class="table" tabIndex={0} role="region" aria-label="Hyperparameters">
        <table class="values">
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Value</th>
              <th scope="col">Searched</th>
            </tr>
          </thead>
          <tbody>
            {tuning.parameters.map((parameter) => {
              const value = trainingJob.values[parameter.name] ?? null;
              const share = shareOf(parameter, value);
              return (
                <tr key={parameter.name}>
                  <th scope="row">{parameter.name}</th>
                  <td>
                    <b title={String(value ?? "")}>{number(value)}</b>
                  </td>
                  <td>
                    {share !== null && (
                      <span class="range" aria-hidden="true">
                        <i style={{ left: `${share * 100}%` }} />
                      </span>
                    )}
                    <small>{rangeOf(parameter)}</small>
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      {hidden.length > 0 && (
        <p class="muted small note">
          Static hyperparameters, whose values this page does not show: {hidden.join(", ")}
        </p>
      )}
    </section>
  );
}

function Metrics({ detail, objective }: { detail: TrainingJobDetail; objective: string | undefined }) {
  if (!detail.metrics.length) return null;
  return (
    <section aria-labelledby="metrics">
      <h3 id="metrics">
        Metrics <span class="muted">the last value of each</span>
      </h3>
      <div class="table" tabIndex={0} role="region" aria-label="Metrics">
        <table>
          <tbody>
            {detail.metrics.map(({ name, value, at }) => (
              <tr key={name}>
                <th scope="row">
                  {name} {name === objective && <span class="tag">objective</span>}
                </th>
                <td class="numeric">
                  <b title={String(value ?? "")}>{number(value)}</b>
                </td>
                <td class="numeric muted">{time(at)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Details({ detail }: { detail: TrainingJobDetail }) {
  return (
    <section aria-labelledby="details">
      <h3 id="details">Details</h3>
      <dl class="facts">
        <Fact title="Model artifact">
          {detail.artifact && (
            <>
              <code>{detail.artifact}</code> <CopyButton text={detail.artifact}>Copy</CopyButton>
              {detail.links.artifact && <OutwardLink href={detail.links.artifact} tab>S3 console ↗</OutwardLink>}
            </>
          )}
        </Fact>
        <Fact title="Image">{detail.image && <code>{detail.image}</code>}</Fact>
        <Fact title="Created">{time(detail.created)}</Fact>
        <Fact title="Training began">{time(detail.started)}</Fact>
        <Fact title="Training ended">{time(detail.ended)}</Fact>
        <Fact title="Status">{`${status(detail.status)}${detail.secondary_status && detail.secondary_status !== detail.status ? `, ${detail.secondary_status}` : ""}`}</Fact>
        <Fact title="Longest run allowed">{detail.max_seconds && duration(detail.max_seconds)}</Fact>
        <Fact title="Environment variables, not shown">{detail.hidden.environment.join(", ")}</Fact>
      </dl>
    </section>
  );
}

function Fact({ title, children }: { title: string; children: preact.ComponentChildren }) {
  if (!children) return null;
  return (
    <div>
      <dt>{title}</dt>
      <dd>{children}</dd>
    </div>
  );
}
