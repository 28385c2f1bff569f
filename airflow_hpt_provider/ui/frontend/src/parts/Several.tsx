/** The runs of a task over time, and any number of their tuning jobs compared. */

import { useEffect, useMemo, useState } from "preact/hooks";

import { get, ProblemError, taskPage, taskPath } from "../api";
import { Chart } from "../charts/Chart";
import type { Palette } from "../charts/palette";
import { courseChart, historyChart } from "../charts/several";
import { rangeOf } from "../comparison";
import { duration, number, plural, time } from "../format";
import { useListing } from "../listing";
import { bestOf, billableSeconds } from "../metrics";
import { fromAnswer } from "../model";
import type { Answer, ListedJob, TaskKey, Tuning } from "../model";
import { course, family, incomparable, lastRuns, mixed } from "../several";
import type { Against, Chosen } from "../several";
import { useVisible } from "../visibility";
import { StatusBadge } from "./StatusBadge";

const LAST_RUNS = 10;

interface Props {
  tuning: Tuning;
  task: TaskKey;
  palette: Palette;
}

export function Several(props: Props) {
  const [place, seen] = useVisible<HTMLElement>();
  return (
    <section ref={place} aria-labelledby="history">
      <h2 id="history">
        History <span class="muted">of task {props.task.task_id}, run by run</span>
      </h2>
      {seen && <Runs {...props} />}
    </section>
  );
}

const key = ({ run_id, map_index }: TaskKey): string => `${run_id} ${map_index}`;

function Runs({ tuning, task, palette }: Props) {
  const path = `api/dags/${encodeURIComponent(task.dag_id)}/tasks/${encodeURIComponent(task.task_id)}/jobs`;
  const { jobs, problem, busy, loadOlder } = useListing(path, 60);
  const [chosen, setChosen] = useState<Chosen[]>([]);
  const own = tuning.job.name;
  const parents = family(tuning, task);
  const option = useMemo(() => jobs && historyChart(jobs, own, palette), [jobs, own, palette]);
  const toggle = (row: ListedJob): void =>
    setChosen((before) => (before.some(({ name }) => name === row.name) ? before.filter(({ name }) => name !== row.name) : [...before, { name: row.name, path: taskPath(row) }]));
  if (!jobs)
    return (
      <p class="empty small" role={problem ? "alert" : "status"}>
        {problem ? `${problem.title}. ${problem.detail} ${problem.remedy}` : "Loading …"}
      </p>
    );
  const finished = jobs.filter(({ final_metric }) => final_metric !== null);
  const others = jobs.filter(({ name }) => name !== own);
  return (
    <>
      {finished.length > 1 && option && (
        <Chart option={option} height={180} label={`The final metric of ${plural(finished.length, "run")}. The newest is ${number(finished[0]?.final_metric)}. The table below has the same values.`} />
      )}
      <div class="table runs" tabIndex={0} role="region" aria-label="Runs of the task">
        <table>
          <thead>
            <tr>
              <th scope="col">Compare</th>
              <th scope="col">Run</th>
              <th scope="col">Started</th>
              <th scope="col">Status</th>
              <th scope="col" class="numeric">
                Final metric
              </th>
            </tr>
          </thead>
          <tbody>
            {jobs.map((row) => (
              <tr key={key(row)} class={row.name === own ? "best" : ""}>
                <td>
                  {row.name === own ? (
                    <span class="muted">this</span>
                  ) : (
                    <input type="checkbox" aria-label={`Compare with ${row.name}`} checked={chosen.some(({ name }) => name === row.name)} onChange={() => toggle(row)} />
                  )}
                </td>
                <td class="task" title={row.run_id}>
                  <a href={taskPage(row)}>{row.run_id}</a>
                  {row.map_index >= 0 && `[${row.map_index}]`}
                </td>
                <td>{time(row.created_at ?? row.announced)}</td>
                <td>{row.status ? <StatusBadge of={row.status} quiet /> : <span class="muted">task {row.task_state ?? "not scheduled"}</span>}</td>
                <td class="numeric">
                  <b>{number(row.final_metric)}</b>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div class="tools choices">
        {others.length > 0 && (
          <button type="button" onClick={() => setChosen(lastRuns(jobs, own, LAST_RUNS - 1))}>
            Compare the last {LAST_RUNS} runs
          </button>
        )}
        {parents.length > 0 && (
          <button type="button" onClick={() => setChosen(parents)}>
            Compare with the warm start's parents
          </button>
        )}
        {chosen.length > 0 && (
          <button type="button" onClick={() => setChosen([])}>
            Compare none
          </button>
        )}
        {loadOlder && (
          <button type="button" aria-disabled={busy} onClick={() => busy || loadOlder()}>
            Older runs
          </button>
        )}
      </div>
      {chosen.length > 0 && <Courses {...{ tuning, chosen, palette }} />}
    </>
  );
}

interface Read {
  tunings: Tuning[];
  troubles: string[];
}

function Courses({ tuning, chosen, palette }: { tuning: Tuning; chosen: Chosen[]; palette: Palette }) {
  const [read, setRead] = useState<Read | null>(null);
  const [against, setAgainst] = useState<Against>("jobs");
  const paths = chosen.map(({ path }) => path).join("\n");
  useEffect(() => {
    let over = false;
    const all = chosen.map(async ({ name, path }): Promise<Tuning | string> => {
      try {
        return fromAnswer((await get<Answer>(path)).value as Answer);
      } catch (error) {
        if (!(error instanceof ProblemError)) throw error;
        return `${name}: ${error.problem.title}. ${error.problem.remedy}`;
      }
    });
    void Promise.all(all).then((found) => {
      if (over) return;
      setRead({
        tunings: found.filter((one): one is Tuning => typeof one !== "string"),
        troubles: found.filter((one): one is string => typeof one === "string"),
      });
    });
    return () => {
      over = true;
    };
  }, [paths]);
  const tunings = useMemo(() => [tuning, ...(read?.tunings ?? [])], [tuning, read]);
  const option = useMemo(() => courseChart(tunings, against, palette), [tunings, against, palette]);
  if (!read)
    return (
      <p class="empty small" role="status">
        Loading …
      </p>
    );
  const why = incomparable(tunings);
  const caution = mixed(tunings);
  return (
    <>
      {read.troubles.map((one) => (
        <p class="stale" role="alert" key={one}>
          {one}
        </p>
      ))}
      {(why ?? caution) && <p class="verdict">{why ?? caution}</p>}
      {!why && (
        <>
          <div class="section-head">
            <h3>Best so far</h3>
            <label class="labelled">
              Against
              <select value={against} onChange={(event) => setAgainst(event.currentTarget.value as Against)}>
                <option value="jobs">training jobs</option>
                <option value="billable">billable time</option>
              </select>
            </label>
          </div>
          <Chart
            option={option}
            height={280}
            label={`The best so far of ${plural(tunings.length, "tuning job")} against ${against === "jobs" ? "training jobs" : "billable time"}: ${tunings.map((one, i) => `${i + 1} ${one.job.name} ${number(course(one, against).at(-1)?.[1])}`).join(", ")}.`}
          />
        </>
      )}
      <Ranges tunings={tunings} />
    </>
  );
}

function Ranges({ tunings }: { tunings: Tuning[] }) {
  const names = [...new Set(tunings.flatMap(({ parameters }) => parameters.map(({ name }) => name)))];
  const now = Date.now() / 1000;
  return (
    <div class="table" tabIndex={0} role="region" aria-label="Tuning jobs compared">
      <table class="several">
        <thead>
          <tr>
            <td />
            {tunings.map(({ job }, i) => (
              <th scope="col" key={job.name}>
                {i + 1} {job.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <Row title="Best objective" tunings={tunings} cell={(one) => [number(bestOf(one)?.metric), one.job.objective?.metric ?? ""]} />
          <Row title="Training jobs" tunings={tunings} cell={(one) => [String(one.trials.length), one.job.counters.failed ? `${one.job.counters.failed} failed` : ""]} />
          <Row title="Billable time" tunings={tunings} cell={(one) => [duration(billableSeconds(one, now)), ""]} />
          {names.map((name) => (
            <Row key={name} title={name} tunings={tunings} cell={(one) => [number(bestOf(one)?.values[name]), rangeOf(one.parameters.find((parameter) => parameter.name === name))]} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ title, tunings, cell }: { title: string; tunings: Tuning[]; cell: (one: Tuning) => [string, string] }) {
  return (
    <tr>
      <th scope="row">{title}</th>
      {tunings.map((one) => {
        const [main, more] = cell(one);
        return (
          <td key={one.job.name}>
            {main}
            {more && <small>{more}</small>}
          </td>
        );
      })}
    </tr>
  );
}
