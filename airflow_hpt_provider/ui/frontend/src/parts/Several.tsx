/** The runs of a task over time, and any number of their tuning jobs compared. */

import { useEffect, useMemo, useState } from "preact/hooks";

import { get, ProblemError } from "../api";
import { Chart } from "../charts/Chart";
import type { Palette } from "../charts/palette";
import { courseChart, historyChart } from "../charts/several";
import { rangeOf } from "../comparison";
import { duration, number, plural, time } from "../format";
import { NEWEST_FIRST, useAllJobs } from "../connectionListing";
import { useListing } from "../listing";
import { bestOf, billableSeconds } from "../metrics";
import { fromAnswer } from "../model";
import type { Answer, NamedJob, Problem, TaskInstance, TaskKey, Tuning } from "../model";
import { connectionRows, course, family, incomparable, mixed, newest, runRows } from "../several";
import type { Against, Chosen, Row } from "../several";
import { useVisible } from "../visibility";
import { StatusBadge } from "./StatusBadge";

const NEWEST = 10;

interface Props {
  tuning: Tuning;
  task: TaskInstance;
  palette: Palette;
}

export function Several(props: Props) {
  const { task } = props;
  const [place, seen] = useVisible<HTMLElement>();
  if ("connection" in task)
    return (
      <section ref={place} aria-labelledby="several">
        <h2 id="several">
          Compare several <span class="muted">tuning jobs of connection {task.connection}</span>
        </h2>
        {seen && <OfConnection {...props} task={task} />}
      </section>
    );
  return (
    <section ref={place} aria-labelledby="history">
      <h2 id="history">
        History <span class="muted">of task {task.task_id}, run by run</span>
      </h2>
      {seen && <Runs {...props} task={task} />}
    </section>
  );
}

function OfConnection({ tuning, task, palette }: Props & { task: NamedJob }) {
  const { value, problem, busy, loadOlder } = useAllJobs(task.connection, NEWEST_FIRST, "");
  if (!value) return <NoRows problem={problem} />;
  return (
    <Choice {...{ tuning, task, palette, busy, loadOlder }} rows={connectionRows(task.connection, value.jobs)} what="tuning jobs" column="Tuning job" label="Tuning jobs of the connection" />
  );
}

function Runs({ tuning, task, palette }: Props & { task: TaskKey }) {
  const path = `api/dags/${encodeURIComponent(task.dag_id)}/tasks/${encodeURIComponent(task.task_id)}/jobs`;
  const { jobs, problem, busy, loadOlder } = useListing(path, 60);
  const own = tuning.job.name;
  const option = useMemo(() => jobs && historyChart(jobs, own, palette), [jobs, own, palette]);
  if (!jobs) return <NoRows problem={problem} />;
  const finished = jobs.filter(({ final_metric }) => final_metric !== null);
  return (
    <>
      {finished.length > 1 && option && (
        <Chart option={option} height={180} label={`The final metric of ${plural(finished.length, "run")}. The newest is ${number(finished[0]?.final_metric)}. The table below has the same values.`} />
      )}
      <Choice {...{ tuning, task, palette, busy, loadOlder }} rows={runRows(jobs)} what="runs" column="Run" label="Runs of the task" />
    </>
  );
}

function NoRows({ problem }: { problem: Problem | null }) {
  return (
    <p class="empty small" role={problem ? "alert" : "status"}>
      {problem ? `${problem.title}. ${problem.detail} ${problem.remedy}` : "Loading …"}
    </p>
  );
}

interface ChoiceProps extends Props {
  rows: Row[];
  busy: boolean;
  loadOlder: (() => void) | null;
  /** What a row is, in the plural. */
  what: string;
  /** The heading of the column that says which. */
  column: string;
  /** What the table is called. */
  label: string;
}

function Choice({ tuning, task, palette, rows, busy, loadOlder, what, column, label }: ChoiceProps) {
  const [chosen, setChosen] = useState<Chosen[]>([]);
  const own = tuning.job.name;
  const parents = family(tuning, task);
  const toggle = ({ name, path }: Row): void =>
    setChosen((before) => (before.some((one) => one.name === name) ? before.filter((one) => one.name !== name) : [...before, { name, path }]));
  return (
    <>
      <div class="table runs" tabIndex={0} role="region" aria-label={label}>
        <table>
          <thead>
            <tr>
              <th scope="col">Compare</th>
              <th scope="col">{column}</th>
              <th scope="col">Started</th>
              <th scope="col">Status</th>
              <th scope="col" class="numeric">
                Final metric
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.key} class={row.name === own ? "best" : ""}>
                <td>
                  {row.name === own ? (
                    <span class="muted">this</span>
                  ) : (
                    <input type="checkbox" aria-label={`Compare with ${row.name}`} checked={chosen.some(({ name }) => name === row.name)} onChange={() => toggle(row)} />
                  )}
                </td>
                <td class="task" title={row.label}>
                  <a href={row.page}>{row.label}</a>
                </td>
                <td>{time(row.started)}</td>
                <td>{row.status ? <StatusBadge of={row.status} quiet /> : <span class="muted">{row.note}</span>}</td>
                <td class="numeric">
                  <b>{number(row.final_metric)}</b>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div class="tools choices">
        {rows.some(({ name }) => name !== own) && (
          <button type="button" onClick={() => setChosen(newest(rows, own, NEWEST - 1))}>
            Compare the last {NEWEST} {what}
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
            Older {what}
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
          <Line title="Best objective" tunings={tunings} cell={(one) => [number(bestOf(one)?.metric), one.job.objective?.metric ?? ""]} />
          <Line title="Training jobs" tunings={tunings} cell={(one) => [String(one.trainingJobs.length), one.job.counters.failed ? `${one.job.counters.failed} failed` : ""]} />
          <Line title="Billable time" tunings={tunings} cell={(one) => [duration(billableSeconds(one, now)), ""]} />
          {names.map((name) => (
            <Line key={name} title={name} tunings={tunings} cell={(one) => [number(bestOf(one)?.values[name]), rangeOf(one.parameters.find((parameter) => parameter.name === name))]} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Line({ title, tunings, cell }: { title: string; tunings: Tuning[]; cell: (one: Tuning) => [string, string] }) {
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
