/** The pictures: objective, hyperparameters, importance, parallel coordinates. */

import { useEffect, useMemo, useState } from "preact/hooks";

import { get, ProblemError, taskPath } from "../api";
import { Chart } from "../charts/Chart";
import { canBeLog, objectiveChart } from "../charts/objective";
import type { Palette } from "../charts/palette";
import { importanceChart, parallelChart, scatterChart } from "../charts/parameters";
import type { Importance } from "../charts/parameters";
import { number, plural } from "../format";
import { bestOf } from "../metrics";
import type { Problem, TaskInstance, Tuning } from "../model";
import { ALL } from "../selection";
import type { Selection } from "../selection";
import { useVisible } from "../visibility";

interface Props {
  tuning: Tuning;
  palette: Palette;
  log: boolean;
  /** Opens a training job. */
  onOpen: (name: string) => void;
}

interface ObjectiveProps extends Props {
  selection?: Selection;
  chosen?: Set<number> | null;
  onSelect?: (change: (before: Selection) => Selection) => void;
  onLog: (log: boolean) => void;
}

export function Objective({ tuning, palette, log, onLog, onOpen, selection = ALL, chosen = null, onSelect }: ObjectiveProps) {
  const { zoom } = selection;
  const option = useMemo(
    () => objectiveChart(tuning, palette, log, undefined, { chosen, zoom }),
    [tuning, palette, log, chosen, zoom],
  );
  const best = bestOf(tuning);
  const metric = tuning.job.objective?.metric ?? "objective";
  const summary = best ? `The best so far is ${number(best.metric)}, of training job ${best.number}.` : "None has reported it yet.";
  return (
    <section aria-labelledby="objective">
      <div class="section-head">
        <h2 id="objective">
          {metric} <span class="muted">over training jobs</span>
        </h2>
        {canBeLog(tuning) && (
          <label class="check">
            <input type="checkbox" checked={log} onChange={(event) => onLog(event.currentTarget.checked)} /> Logarithmic
          </label>
        )}
      </div>
      {best ? (
        <Chart
          option={option}
          height={tuning.trainingJobs.length < 10 ? 280 : 316}
          onPick={onOpen}
          onZoom={(range) => onSelect?.((before) => ({ ...before, zoom: range }))}
          label={`${metric} of ${plural(tuning.trainingJobs.length, "training job")}, and the best so far. ${summary}`}
        />
      ) : (
        <p class="empty">
          {noChart(tuning, metric)}
        </p>
      )}
    </section>
  );
}

function noChart({ job, trainingJobs }: Tuning, metric: string): string {
  if (!job.ended) return `No training job has reported ${metric} yet. The chart appears with the first.`;
  if (!trainingJobs.length) return "The tuning job ended before its first training job.";
  return `No training job has reported ${metric}. See the failures and the training jobs' logs.`;
}

interface HyperparametersProps extends Props {
  task: TaskInstance;
  chosen?: Set<number> | null;
}

export function Hyperparameters({ tuning, palette, log, task, onOpen, chosen = null }: HyperparametersProps) {
  const metric = tuning.job.objective?.metric ?? "objective";
  if (!bestOf(tuning) || !tuning.parameters.length) return null;
  return (
    <section aria-labelledby="hyperparameters">
      <h2 id="hyperparameters">
        Hyperparameters <span class="muted">against {metric}</span>
      </h2>
      <div class="multiples">
        {tuning.parameters.map((parameter) => (
          <Multiple key={parameter.name} {...{ tuning, palette, log, parameter, onOpen, chosen }} />
        ))}
        <ImportanceCard tuning={tuning} palette={palette} task={task} />
      </div>
    </section>
  );
}

const SCALES: Record<string, string> = { log: "logarithmic", reverse_log: "reverse logarithmic" };

interface MultipleProps extends Props {
  parameter: Tuning["parameters"][number];
  chosen: Set<number> | null;
}

function Multiple({ tuning, palette, log, parameter, onOpen, chosen }: MultipleProps) {
  const option = useMemo(
    () => scatterChart(tuning, parameter, palette, log, chosen),
    [tuning, parameter, palette, log, chosen],
  );
  const best = bestOf(tuning);
  const word = SCALES[parameter.scale ?? ""] ?? "";
  return (
    <figure>
      <figcaption>
        <b>{parameter.name}</b> {word && <span class="muted">{word}</span>}
        <span class="best-value" title="In the best training job">
          {number(best?.values[parameter.name])}
        </span>
      </figcaption>
      <Chart
        option={option}
        height={170}
        onPick={onOpen}
        label={`${parameter.name}${word && `, ${word}`}, against the objective. Best at ${number(best?.values[parameter.name])}.`}
      />
    </figure>
  );
}

const AGAIN_SECONDS = 30;
/** The smallest R² with which the importance says something. */
const EXPLAINS = 0.1;
/** What the next try will not change, before there are more training jobs. */
const SETTLED = new Set(["too_few_training_jobs", "extra_missing"]);

/** Asked for when it is first seen, and again when the job has ended: computing it takes a while. */
function ImportanceCard({ tuning, palette, task }: { tuning: Tuning; palette: Palette; task: TaskInstance }) {
  const [place, seen] = useVisible<HTMLElement>();
  const [found, setFound] = useState<Importance | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const reported = tuning.trainingJobs.filter((t) => t.metric !== null).length;
  // again after each tenth more
  const step = tuning.job.ended ? "ended" : reported < 10 ? "few" : Math.floor(Math.log(reported) / Math.log(1.1));

  useEffect(() => {
    if (!seen) return;
    let over = false;
    let timer = 0;
    const ask = async (): Promise<void> => {
      try {
        const { value } = await get<Importance>(taskPath(task, "/importance"));
        if (over) return;
        setFound(value);
        setProblem(null);
      } catch (error) {
        if (over) return;
        if (!(error instanceof ProblemError)) throw error;
        setProblem(error.problem);
        if (!SETTLED.has(error.problem.kind)) timer = window.setTimeout(() => void ask(), AGAIN_SECONDS * 1000);
      }
    };
    void ask();
    return () => {
      over = true;
      window.clearTimeout(timer);
    };
  }, [seen, step, tuning.job.name]);

  const option = useMemo(() => found && importanceChart(found, palette), [found, palette]);
  return (
    <figure ref={place} class="importance">
      <figcaption>
        <b>Importance</b>
        {found && found.score >= EXPLAINS && (
          <span class="muted" title="R² on training jobs that were held out; near 0 the shares say little.">
            random forest, R² {found.score.toFixed(2)}
          </span>
        )}
      </figcaption>
      {found && found.score < EXPLAINS ? (
        <p class="empty small">
          The random forest explains nothing of the objective on training jobs that it has not seen (R² {found.score.toFixed(2)}), so
          its importance is not shown. More training jobs may change that.
        </p>
      ) : option && found ? (
        <>
          <Chart
            option={option}
            height={Math.max(90, found.parameters.length * 28 + 10)}
            label={`Importance: ${found.parameters.map((p) => `${p.name} ${Math.round(p.share * 100)} %`).join(", ")}`}
          />
          {found.score < 0.3 && <p class="muted small">The forest explains little of the objective: interpret the shares with care.</p>}
        </>
      ) : (
        <p class="empty small">
          {problem ? (
            <>
              {problem.title}. {problem.detail} {problem.remedy}
            </>
          ) : (
            "Computing …"
          )}
        </p>
      )}
    </figure>
  );
}

interface ParallelProps extends Omit<Props, "log"> {
  selection: Selection;
  onSelect: (change: (before: Selection) => Selection) => void;
}

export function Parallel({ tuning, palette, onOpen, selection, onSelect }: ParallelProps) {
  const { zoom } = selection;
  // What is marked on the axes the chart fades by itself, but not what the other chart's zoom leaves out.
  const option = useMemo(
    () => parallelChart(tuning, palette, (trainingJob) => !zoom || (trainingJob.number >= zoom[0] && trainingJob.number <= zoom[1])),
    [tuning, palette, zoom],
  );
  if (tuning.trainingJobs.filter((t) => t.metric !== null).length < 2 || tuning.parameters.length < 2) return null;
  return (
    <section aria-labelledby="parallel">
      <h2 id="parallel">
        Parallel coordinates <span class="muted">one line per training job, the best in colour; drag along an axis to choose</span>
      </h2>
      <div class="wide" tabIndex={0} role="region" aria-label="Parallel coordinates">
        <div style={{ minWidth: `${100 * (tuning.parameters.length + 1)}px` }}>
          <Chart
            option={option}
            height={320}
            onPick={onOpen}
            brushed={selection.brushed}
            onBrush={(axis, ranges) => onSelect((before) => ({ ...before, brushed: { ...before.brushed, [axis]: ranges } }))}
            label="All hyperparameters and the objective of each training job; the leaderboard holds the same values."
          />
        </div>
      </div>
    </section>
  );
}
