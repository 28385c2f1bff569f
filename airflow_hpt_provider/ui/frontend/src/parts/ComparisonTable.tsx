/** Two tuning jobs: both courses in one chart, then their figures, best hyperparameters and ranges in a table. */

import { useMemo } from "preact/hooks";

import { Chart } from "../charts/Chart";
import { canBeLog, objectiveChart } from "../charts/objective";
import type { Palette } from "../charts/palette";
import { caution, rangeOf, sameDirection, verdict } from "../comparison";
import { duration, number, shortName, status } from "../format";
import { bestOf, billableSeconds, tookSeconds } from "../metrics";
import type { Tuning } from "../model";

interface Props {
  tuning: Tuning;
  other: Tuning;
  palette: Palette;
  log: boolean;
}

export function ComparisonTable({ tuning, other, palette, log }: Props) {
  const onLog = log && canBeLog(tuning) && canBeLog(other);
  const option = useMemo(() => objectiveChart(tuning, palette, onLog, other), [tuning, other, palette, onLog]);
  const said = [verdict(tuning, other), caution(tuning, other)].filter(Boolean).join(" ");
  const drawn = sameDirection(tuning, other) && (bestOf(tuning) || bestOf(other));
  return (
    <>
      {said && <p class="verdict">{said}</p>}
      {drawn && (
        <Chart
          option={option}
          height={260}
          label={`The objective over training jobs: ${tuning.job.name} with filled points and a line drawn through, ${other.job.name} with rings and a dashed line. ${said}`}
        />
      )}
      <div class="table" tabIndex={0} role="region" aria-label="Both tuning jobs">
        <Figures tuning={tuning} other={other} />
      </div>
    </>
  );
}

type Cell = string | { main: string; more: string };

function Figures({ tuning, other }: { tuning: Tuning; other: Tuning }) {
  const sides = [tuning, other];
  const now = Date.now() / 1000;
  const figures: [string, (one: Tuning) => Cell][] = [
    ["Best objective", bestCell],
    ["Status", ({ job }) => ({ main: status(job.status), more: `${job.strategy} search` })],
    ["Training jobs", ({ job, trainingJobs }) => `${trainingJobs.length}${job.counters.failed ? `, ${job.counters.failed} failed` : ""}`],
    [
      "Duration",
      ({ job }) => ({ main: duration(tookSeconds(job, now)), more: job.ended ? "" : "so far" }),
    ],
    ["Billable time", (one) => duration(billableSeconds(one, now))],
  ];
  const names = [...new Set(sides.flatMap((one) => one.parameters.map((parameter) => parameter.name)))];
  const hyperparameters = names.map((name): [string, (one: Tuning) => Cell] => [
    name,
    (one) => ({
      main: number(bestOf(one)?.values[name]),
      more: rangeOf(one.parameters.find((parameter) => parameter.name === name)),
    }),
  ]);
  return (
    <table class="sides">
      <thead>
        <tr>
          <td />
          <th scope="col">
            <span class="line-key" /> {tuning.job.name}
          </th>
          <th scope="col">
            <span class="line-key line-key-dashed" /> {other.job.name}
          </th>
        </tr>
      </thead>
      <Rows sides={sides} rows={figures} />
      {names.length > 0 && (
        <tbody>
          <tr>
            <th scope="rowgroup" colSpan={3}>
              Best hyperparameters, and the ranges searched
            </th>
          </tr>
        </tbody>
      )}
      <Rows sides={sides} rows={hyperparameters} />
    </table>
  );
}

function Rows({ sides, rows }: { sides: Tuning[]; rows: [string, (one: Tuning) => Cell][] }) {
  return (
    <tbody>
      {rows.map(([title, cell]) => (
        <tr key={title}>
          <th scope="row">{title}</th>
          {sides.map((one) => {
            const content = cell(one);
            const { main, more } = typeof content === "string" ? { main: content, more: "" } : content;
            return (
              <td key={one.job.name}>
                {main}
                {more && <small>{more}</small>}
              </td>
            );
          })}
        </tr>
      ))}
    </tbody>
  );
}

function bestCell(one: Tuning): Cell {
  const best = bestOf(one);
  const { metric, type } = one.job.objective ?? { metric: "objective", type: "Minimize" };
  return {
    main: number(best?.metric),
    more: `${metric}, ${type === "Minimize" ? "smallest" : "largest"}${best ? `, of ${shortName(best.name, one.job.name)}` : ""}`,
  };
}
