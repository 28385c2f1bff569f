/** A second tuning job, chosen from the known ones, compared with the page's. */

import { useMemo, useRef, useState } from "preact/hooks";

import type { Palette } from "../charts/palette";
import { candidates, ofConnection, ofTasks } from "../comparison";
import type { Candidate, Known } from "../comparison";
import { NEWEST_FIRST, useAllJobs } from "../connectionListing";
import { useListing } from "../listing";
import { fromAnswer } from "../model";
import type { Answer, NamedJob, Problem, TaskInstance, TaskKey, Tuning } from "../model";
import { usePolling } from "../polling";
import { useVisible } from "../visibility";
import { Stale } from "./Notice";
import { ComparisonTable } from "./ComparisonTable";

interface Props {
  tuning: Tuning;
  task: TaskInstance;
  palette: Palette;
  log: boolean;
}

export function Compare(props: Props) {
  const [place, seen] = useVisible<HTMLElement>();
  return (
    <section ref={place} aria-labelledby="compare">
      <h2 id="compare">
        Compare <span class="muted">with {props.tuning.job.warm_start ? "a parent of its warm start, or another" : "another"} tuning job</span>
      </h2>
      {seen && ("connection" in props.task ? <OfConnection {...props} task={props.task} /> : <OfTasks {...props} task={props.task} />)}
    </section>
  );
}

/** What a list of tuning jobs offers for a choice. */
interface Offered {
  /** Null until they are known. */
  known: Known[] | null;
  problem: Problem | null;
  busy: boolean;
  loadOlder: (() => void) | null;
}

function OfTasks(props: Props & { task: TaskKey }) {
  const listing = useListing("api/jobs", 60);
  return <Choice {...props} offered={{ ...listing, known: listing.jobs && ofTasks(props.task, listing.jobs) }} />;
}

function OfConnection(props: Props & { task: NamedJob }) {
  const { connection } = props.task;
  const listing = useAllJobs(connection, NEWEST_FIRST, "");
  return <Choice {...props} offered={{ ...listing, known: listing.value && ofConnection(connection, listing.value.jobs) }} />;
}

function Choice({ tuning, task, palette, log, offered: listing }: Props & { offered: Offered }) {
  // The first parent is the likely choice; without parents, there is none.
  const [name, setName] = useState(tuning.job.warm_start?.parents[0] ?? "");
  const groups = candidates(tuning, task, listing.known ?? []);
  // The list is of the newest: the chosen one stays when it has none of its own any more.
  const kept = useRef<Candidate | undefined>(undefined);
  const listed = groups.flatMap(({ jobs }) => jobs).find((one) => one.name === name);
  const chosen = (kept.current = listed ?? (kept.current?.name === name ? kept.current : undefined));
  if (chosen && !listed) groups.push({ title: "Chosen before", jobs: [chosen] });
  return (
    <>
      <div class="choice">
        <select aria-label="Tuning job to compare with" value={chosen ? name : ""} onChange={(event) => setName(event.currentTarget.value)}>
          <option value="">{listing.known || listing.problem ? "Choose a tuning job …" : "Loading tuning jobs …"}</option>
          {groups.map(({ title, jobs }) => (
            <optgroup key={title} label={title}>
              {jobs.map((job) => (
                <option key={job.name} value={job.name}>
                  {job.label}
                </option>
              ))}
            </optgroup>
          ))}
        </select>
        {listing.loadOlder && (
          <button type="button" aria-disabled={listing.busy} onClick={() => listing.busy || listing.loadOlder?.()}>
            Offer older ones too
          </button>
        )}
      </div>
      {listing.problem && (
        <p class="empty small" role="alert">
          The known tuning jobs could not be listed. {listing.problem.title}. {listing.problem.remedy}
        </p>
      )}
      {listing.known && !groups.length && !listing.loadOlder && <p class="empty small">No other tuning job to compare with yet.</p>}
      {chosen && <Comparison key={chosen.path} path={chosen.path} {...{ tuning, palette, log }} />}
    </>
  );
}

function Comparison({ path, tuning, palette, log }: Omit<Props, "task"> & { path: string }) {
  const { value, problem } = usePolling<Answer>(path, (answer) => (answer?.job.ended ? 60 : 4));
  const other = useMemo(() => value && fromAnswer(value), [value]);
  if (other) {
    return (
      <>
        {problem && <Stale problem={problem} />}
        <ComparisonTable {...{ tuning, other, palette, log }} />
      </>
    );
  }
  if (!problem) return <p class="empty small" role="status">Loading …</p>;
  return (
    <p class="empty small" role="alert">
      {problem.title}. {problem.detail} {problem.remedy}
    </p>
  );
}
