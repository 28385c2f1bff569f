/** Tuning jobs: of a DAG run, or of all DAGs that the user may read. */

import { useEffect, useMemo, useState } from "preact/hooks";

import type { Place } from "../address";
import { runPath, taskPage } from "../api";
import { duration, number, time } from "../format";
import { useListing } from "../listing";
import { useNow } from "../polling";
import { ConnectionLinks } from "./ConnectionLinks";
import { isRunning, ListHead, ListProblems, MiniProgress, MoreRows, took } from "./listParts";
import { Notice, Stale } from "./Notice";
import { StatusBadge } from "./StatusBadge";

export function JobList({ place }: { place: Extract<Place, { kind: "run" | "jobs" }> }) {
  const ofRun = place.kind === "run";
  const path = ofRun ? runPath(place.dagId, place.runId) : "api/jobs";
  const { jobs, troubles, problem, busy, reload, loadOlder } = useListing(path, 10);
  const [text, setText] = useState("");
  const now = useNow(jobs?.some(isRunning) ?? false);
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
      <ListHead {...{ text, placeholder: "Filter", label: "Filter tuning jobs", onText: setText }}>
        {ofRun ? "Tuning jobs of this run" : "Tuning jobs"}
      </ListHead>
      {!ofRun && <ConnectionLinks />}
      {problem && <Stale problem={problem} />}
      <ListProblems problems={troubles} />
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
      {loadOlder && <MoreRows title="Older" busy={busy} onMore={loadOlder} />}
    </article>
  );
}
