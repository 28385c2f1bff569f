/** How the objective developed in each training job, and how every metric did in one. */

import { useMemo, useState } from "preact/hooks";

import { taskPath, trainingJobPath } from "../api";
import { Chart } from "../charts/Chart";
import { curvesChart, metricCurve, wasStopped } from "../charts/curves";
import { PALETTES } from "../charts/palette";
import type { Palette } from "../charts/palette";
import { curvesOf, pointsOf } from "../curves";
import type { Across, CurvesAnswer } from "../curves";
import { number, plural } from "../format";
import type { Problem, TaskInstance, Tuning } from "../model";
import { usePolling } from "../polling";
import { currentTheme } from "../theme";
import { useVisible } from "../visibility";

const RUNNING_SECONDS = 15;

interface Props {
  tuning: Tuning;
  task: TaskInstance;
  palette: Palette;
  chosen: Set<number> | null;
  onOpen: (name: string) => void;
}

export function Curves(props: Props) {
  const [place, seen] = useVisible<HTMLElement>();
  if (!props.tuning.job.objective || !props.tuning.trainingJobs.length) return null;
  return (
    <section ref={place} aria-labelledby="curves">
      {seen ? <All {...props} /> : <h2 id="curves">Learning curves</h2>}
    </section>
  );
}

function All({ tuning, task, palette, chosen, onOpen }: Props) {
  const { value, problem } = usePolling<CurvesAnswer>(taskPath(task, "/curves"), () => (tuning.job.ended ? 300 : RUNNING_SECONDS));
  const [across, setAcross] = useState<Across>("values");
  const curves = useMemo(() => value && curvesOf(tuning, value.curves, across, chosen), [tuning, value, across, chosen]);
  // One value each is a point, not a curve; the leaderboard has it.
  const developed = curves?.some(({ points }) => points.length > 1);
  const option = useMemo(() => curves && developed && curvesChart(tuning, curves, across, palette), [tuning, curves, across, palette]);
  const metric = tuning.job.objective?.metric ?? "objective";
  const stopped = curves?.filter(({ trainingJob }) => wasStopped(trainingJob)).length ?? 0;
  return (
    <>
      <div class="section-head">
        <h2 id="curves">
          Learning curves <span class="muted">{metric} while each training job trained</span>
        </h2>
        {option && <AcrossChoice across={across} onChange={setAcross} />}
      </div>
      {option && curves ? (
        <>
          <Chart
            option={option}
            height={300}
            onPick={onOpen}
            label={`Learning curves of ${plural(curves.length, "training job")}, the best in colour. ${stopped} were stopped before their end.`}
          />
          <p class="legend" aria-hidden="true">
            <span class="key key-done">best</span>
            <span class="key key-completed">completed</span>
            {stopped > 0 && <span class="key key-stopped">stopped before its end</span>}
          </p>
        </>
      ) : (
        <None problem={problem} loading={!value} what={value?.curves.name.length ? (chosen ? "None of those chosen has one." : `No training job has reported ${metric} more than once${tuning.job.ended ? "" : " yet"}.`) : `CloudWatch has no values of ${metric} for these training jobs${tuning.job.ended ? "" : " yet"}.`} />
      )}
    </>
  );
}

export function AcrossChoice({ across, onChange }: { across: Across; onChange: (across: Across) => void }) {
  return (
    <label class="labelled">
      Over
      <select value={across} onChange={(event) => onChange(event.currentTarget.value as Across)}>
        <option value="values">reported values (epochs)</option>
        <option value="seconds">time</option>
      </select>
    </label>
  );
}

function None({ problem, loading, what }: { problem: Problem | null; loading: boolean; what: string }) {
  if (problem)
    return (
      <p class="empty small" role="alert">
        {problem.title}. {problem.detail} {problem.remedy}
      </p>
    );
  return <p class="empty small">{loading ? "Loading …" : `No learning curves: ${what}`}</p>;
}

/** Those of every metric of one training job. */
export function MetricCurves({ task, name, running }: { task: TaskInstance; name: string; running: boolean }) {
  const { value, problem } = usePolling<CurvesAnswer>(trainingJobPath(task, name, "/curves"), () => (running ? RUNNING_SECONDS : 300));
  const [across, setAcross] = useState<Across>("values");
  const palette = PALETTES[currentTheme()];
  return (
    <section aria-labelledby="metric-curves">
      <div class="section-head">
        <h3 id="metric-curves">Learning curves</h3>
        {value && value.curves.name.length > 0 && <AcrossChoice across={across} onChange={setAcross} />}
      </div>
      {value?.curves.name.length ? (
        <div class="multiples">
          {value.curves.name.map((metric, i) => {
            const points = pointsOf(value.curves, i, across);
            return (
              <figure key={metric}>
                <figcaption>
                  <b>{metric}</b>
                  <span class="best-value" title="The last value">
                    {number(points.at(-1)?.[1])}
                  </span>
                </figcaption>
                {points.length > 1 ? <Chart option={metricCurve(points, across, palette)} height={150} label={`${metric}: ${plural(points.length, "value")}, the last is ${number(points.at(-1)?.[1])}`} /> : <p class="muted small">Reported once{running && " so far"}.</p>}
              </figure>
            );
          })}
        </div>
      ) : (
        <None problem={problem} loading={!value} what={`CloudWatch has no values of this training job's metrics${running ? " yet" : ""}.`} />
      )}
    </section>
  );
}
