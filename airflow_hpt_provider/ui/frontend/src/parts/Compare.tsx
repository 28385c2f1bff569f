/** A tuning job beside one that it was warm-started from. */

import { useEffect, useMemo, useState } from "preact/hooks";

import { get, ProblemError, taskPath } from "../api";
import type { Problem } from "../api";
import { Chart } from "../charts/Chart";
import { objectiveChart } from "../charts/objective";
import type { Palette } from "../charts/palette";
import { duration, number, status } from "../format";
import { bestOf, billableSeconds } from "../insights";
import { fromAnswer } from "../model";
import type { Answer, TaskInstance, Tuning } from "../model";

export function Compare({ tuning, task, palette, log }: { tuning: Tuning; task: TaskInstance; palette: Palette; log: boolean }) {
  const parents = tuning.job.warm_start?.parents ?? [];
  const [name, setName] = useState(parents[0] ?? "");
  const [parent, setParent] = useState<Tuning | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  useEffect(() => {
    if (!name) return;
    let over = false;
    setProblem(null);
    get<Answer>(taskPath(task, `/parents/${encodeURIComponent(name)}`)).then(
      ({ value }) => !over && value && setParent(fromAnswer(value)),
      (error: unknown) => !over && error instanceof ProblemError && setProblem(error.problem),
    );
    return () => {
      over = true;
    };
  }, [name]);
  const option = useMemo(
    () => parent && objectiveChart(tuning, palette, log, parent),
    [tuning, parent, palette, log],
  );
  if (!parents.length) return null;
  return (
    <section aria-labelledby="compare">
      <div class="section-head">
        <h2 id="compare">
          Beside its parent <span class="muted">{KINDS[tuning.job.warm_start?.type ?? ""] ?? ""}</span>
        </h2>
        {parents.length > 1 && (
          <select aria-label="Parent" value={name} onChange={(event) => setName(event.currentTarget.value)}>
            {parents.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        )}
      </div>
      {problem && (
        <p class="empty">
          {problem.title}. {problem.detail} {problem.remedy}
        </p>
      )}
      {parent && option && (
        <>
          <Chart
            option={option}
            height={240}
            label={`Best so far of ${tuning.job.name}, drawn through, and of its parent ${parent.job.name}, dashed.`}
          />
          <div class="table">
            <Sides tuning={tuning} parent={parent} />
          </div>
        </>
      )}
    </section>
  );
}

const KINDS: Record<string, string> = {
  IdenticalDataAndAlgorithm: "same data and algorithm",
  TransferLearning: "transfer learning",
};

function Sides({ tuning, parent }: { tuning: Tuning; parent: Tuning }) {
  const sides = [tuning, parent];
  const names = [...new Set(sides.flatMap((one) => one.parameters.map((p) => p.name)))];
  const rows: [string, (one: Tuning) => string][] = [
    ["Status", (one) => status(one.job.status)],
    [`Best ${tuning.job.objective?.metric ?? "objective"}`, (one) => number(bestOf(one)?.metric)],
    ["Training jobs", (one) => String(one.trials.length)],
    ["Failed", (one) => String(one.job.counters.failed)],
    ["Took", (one) => duration(one.job.ended_at === null ? null : one.job.ended_at - one.job.created_at)],
    ["Billable time", (one) => duration(billableSeconds(one, Date.now() / 1000))],
    ...names.map((name): [string, (one: Tuning) => string] => [name, (one) => number(bestOf(one)?.values[name])]),
  ];
  return (
    <table class="sides">
      <thead>
        <tr>
          <td />
          <th scope="col">
            <span class="line-key" /> {tuning.job.name}
          </th>
          <th scope="col">
            <span class="line-key line-key-dashed" /> {parent.job.name}
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map(([title, cell]) => (
          <tr key={title}>
            <th scope="row">{title}</th>
            {sides.map((one) => (
              <td key={one.job.name}>{cell(one)}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
