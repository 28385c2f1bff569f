/** Tuning jobs: of a DAG run, or of all DAGs that the user may read. */

import { useEffect, useMemo, useState } from "preact/hooks";

import type { Place } from "../address";
import { runPath, taskPage } from "../api";
import { duration, number, time } from "../format";
import { useListing } from "../listing";
import type { ListedJob } from "../model";
import { useNow } from "../polling";
import { ConnectionLinks } from "./ConnectionLinks";
import { Notice, Stale } from "./Notice";
import { StatusBadge } from "./StatusBadge";

export function JobList({ place }: { place: Extract<Place, { kind: "run" | "jobs" }> }) {
  const ofRun = place.kind === "run";
  const path = ofRun ? runPath(place.dagId, place.runId) : "api/jobs";
  const { jobs, troubles, problem, busy, reload, loadOlder } = useListing(path, 10);
  const [text, setText] = useState("");
  const now = useNow(jobs?.some(goesOn) ?? false);
  useEffect(() => {
    document.title = "Tuning jobs";
  }, []);
  const rows = useMemo(() => {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    return (jobs ?? []).filter((row) => {
      const said = `${row.name} ${row.dag_id} ${row.task_id} ${row.run_id} ${row.status ?? ""}`.toLowerCase();
      return words.every((word) => said.includes(word));
    });
  }, [jobs, text]);

  if (!jobs) {
    if (problem) return <Notice problem={problem} onRetry={reload} />;
    return (
      <p class="loading" role="status">
        Reading the tuning jobs …
      </p>
    );
  }
  if (!jobs.length && !loadOlder)
    return (
      <Notice
        problem={{
          kind: "no_job",
          title: ofRun ? "No tuning jobs in this run" : "No tuning jobs yet",
          detail: ofRun
            ? "No task in this run has created a tuning job yet."
            : "This list shows the tuning jobs of all DAGs that you can read.",
          remedy: "A tuning job appears as soon as a HyperParameterTuningJobOperator has created it.",
        }}
      />
    );
  return (
    <article>
      <div class="section-head list-head">
        <h1>{ofRun ? "Tuning jobs of this run" : "Tuning jobs"}</h1>
        <input
          type="search"
          value={text}
          placeholder="Filter"
          aria-label="Filter tuning jobs"
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </div>
      {!ofRun && <ConnectionLinks />}
      {problem && <Stale problem={problem} />}
      {troubles.map((one) => (
        <p class="stale" role="status" key={`${one.title} ${one.detail} ${one.remedy}`}>
          <b>{one.title}.</b> {one.detail} {one.remedy}
        </p>
      ))}
      <div class="table" tabIndex={0} role="region" aria-label="Tuning jobs">
        <table>
          <thead>
            <tr>
              <th scope="col">Tuning job</th>
              <th scope="col">Status</th>
              <th scope="col">Training jobs</th>
              <th scope="col" class="numeric">
                Best objective
              </th>
              <th scope="col">{ofRun ? "Task" : "DAG · task"}</th>
              <th scope="col">Started</th>
              <th scope="col" class="numeric">
                Duration
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={`${row.dag_id} ${row.run_id} ${row.task_id} ${row.map_index}`}>
                <td>
                  <a href={taskPage(row)}>{row.name}</a>
                </td>
                <td>{row.status ? <StatusBadge of={row.status} quiet /> : <span class="muted">task {row.task_state ?? "not scheduled"}</span>}</td>
                <td>
                  <MiniProgress row={row} />
                </td>
                <td class="numeric">{number(row.final_metric)}</td>
                <td class="task" title={`${row.task_id} · ${row.run_id}`}>
                  {!ofRun && <span>{row.dag_id} · </span>}
                  {row.task_id}
                  {row.map_index >= 0 && `[${row.map_index}]`}
                </td>
                <td>{time(row.created_at ?? row.announced)}</td>
                <td class="numeric">
                  {duration(took(row, now))}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        {!rows.length && (
          <p class="empty">{jobs.length ? "No tuning job matches the filter." : "You do not have permission to see any of the newest tuning jobs."}</p>
        )}
      </div>
      {loadOlder && (
        <p class="more">
          {/* Not `disabled`: that would take the focus from keyboard users. */}
          <button type="button" aria-disabled={busy} onClick={() => busy || loadOlder()}>
            Older
          </button>
        </p>
      )}
    </article>
  );
}

const goesOn = ({ status }: ListedJob): boolean => status === "InProgress" || status === "Stopping";

function took(row: ListedJob, now: number): number | null {
  const end = row.ended_at ?? (goesOn(row) ? now : null);
  return end === null || row.created_at === null ? null : Math.max(0, end - row.created_at);
}

export function MiniProgress({ row }: { row: Pick<ListedJob, "finished" | "failed" | "max_trials"> }) {
  if (row.finished === null) return <span class="muted">–</span>;
  const total = Math.max(row.max_trials ?? row.finished, row.finished, 1);
  const good = row.finished - (row.failed ?? 0);
  return (
    <span class="mini">
      <span class="bar" aria-hidden="true">
        <i class="part part-done" style={{ width: `${(good / total) * 100}%` }} />
        <i class="part part-failed" style={{ width: `${((row.failed ?? 0) / total) * 100}%` }} />
      </span>
      {row.finished} of {row.max_trials ?? "–"}
    </span>
  );
}
