/** Empty and error states: what is the matter, and what to do. */

import type { Problem } from "../model";

const CALM = new Set(["not_started", "no_job", "too_few_training_jobs", "extra_missing"]);

export function Notice({ problem, onRetry }: { problem: Problem; onRetry?: () => void }) {
  return (
    <section class={CALM.has(problem.kind) ? "notice" : "notice notice-bad"} role={CALM.has(problem.kind) ? "status" : "alert"}>
      <h1>{problem.title}</h1>
      {problem.detail && <p>{problem.detail}</p>}
      {problem.problems && <Problems of={problem.problems} />}
      {problem.remedy && <p class="muted">{problem.remedy}</p>}
      {onRetry && (
        <button type="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </section>
  );
}

/** What is wrong with a config, field by field. */
function Problems({ of }: { of: NonNullable<Problem["problems"]> }) {
  return (
    <div class="table" tabIndex={0} role="region" aria-label="Problems of the config">
      <table>
        <thead>
          <tr>
            <th scope="col">Field</th>
            <th scope="col">Problem</th>
            <th scope="col">Remedy</th>
          </tr>
        </thead>
        <tbody>
          {of.map(({ field, problem, remedy }) => (
            <tr key={`${field} ${problem}`}>
              <td>
                <code>{field || "the config"}</code>
              </td>
              <td class="wrapped">{problem}</td>
              <td class="wrapped">{remedy || "–"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** A line above data that could not be refreshed. */
export function Stale({ problem }: { problem: Problem }) {
  return (
    <p class="stale" role="status">
      <b>{problem.title}.</b> Showing data from the last successful refresh. {problem.remedy}
    </p>
  );
}
