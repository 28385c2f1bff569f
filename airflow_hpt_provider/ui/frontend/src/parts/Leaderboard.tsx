/** All training jobs in a table: sorted by a click on a column, filtered by words, a page at a time. */

import { useEffect, useMemo, useState } from "preact/hooks";

import { taskPath } from "../api";
import { completions, parsed } from "../filter";
import { duration, number, status } from "../format";
import { bestFirst, sorted } from "../leaderboard";
import type { Sorting } from "../leaderboard";
import type { TaskInstance, TrainingJobRow, Tuning } from "../model";
import { StatusBadge } from "./StatusBadge";
import { TrainingJobLink } from "./TrainingJobLink";

const PAGE = 15;

interface Column {
  id: string;
  title: string;
  numeric: boolean;
  cell: (trainingJob: TrainingJobRow) => preact.ComponentChildren;
}

interface Props {
  tuning: Tuning;
  task: TaskInstance;
  onOpen: (name: string) => void;
  /** The numbers of those chosen in the charts; null: all. */
  chosen?: Set<number> | null;
}

export function Leaderboard({ tuning, task, onOpen, chosen = null }: Props) {
  const [sorting, setSorting] = useState<Sorting>(() => bestFirst(tuning));
  const [text, setText] = useState("");
  const [wanted, setWanted] = useState("");
  const [page, setPage] = useState(0);
  useEffect(() => setPage(0), [text, wanted, sorting, chosen]);

  const columns = useMemo(() => columnsOf(tuning, onOpen), [tuning, onOpen]);
  const filter = useMemo(() => parsed(text, tuning), [text, tuning]);
  const found = useMemo(
    () =>
      sorted(
        tuning.trainingJobs.filter((trainingJob) => (!chosen || chosen.has(trainingJob.number)) && (!wanted || trainingJob.status === wanted) && filter.matches(trainingJob)),
        sorting,
      ),
    [tuning, filter, wanted, sorting, chosen],
  );
  const pages = Math.max(1, Math.ceil(found.length / PAGE));
  const at = Math.min(page, pages - 1);
  // The chosen one too, when no training job has it any more: else it would filter without being shown.
  const statuses = [...new Set([...tuning.trainingJobs.map((t) => t.status), wanted])].filter(Boolean).sort();
  const sortBy = (column: string): void =>
    setSorting((now) => ({
      column,
      descending: now.column === column ? !now.descending : column === "metric" ? !tuning.minimize : false,
    }));

  return (
    <section aria-labelledby="leaderboard">
      <div class="section-head">
        <h2 id="leaderboard">Leaderboard</h2>
        <div class="tools">
          <input
            type="search"
            value={text}
            placeholder={`Filter: ${tuning.parameters.find((p) => p.kind !== "categorical")?.name ?? "number"}<0.1 and …`}
            aria-label="Filter training jobs by words, or by comparisons such as metric<0.3 and duration>60"
            list="filter-names"
            aria-describedby="filter-problem"
            onInput={(event) => setText(event.currentTarget.value)}
          />
          <datalist id="filter-names">
            {completions(text, tuning).map((one) => (
              <option key={one} value={one} />
            ))}
          </datalist>
          <select aria-label="Status" value={wanted} onChange={(event) => setWanted(event.currentTarget.value)}>
            <option value="">All statuses</option>
            {statuses.map((one) => (
              <option key={one} value={one}>
                {status(one)}
              </option>
            ))}
          </select>
          <a class="button" href={taskPath(task, "/training-jobs.csv")} download>
            CSV
          </a>
          <a class="button" href={taskPath(task, "/training-jobs.json")} download>
            JSON
          </a>
        </div>
      </div>
      <p id="filter-problem" class="filter-problem" role="status">
        {filter.problem}
      </p>
      <div class="table" tabIndex={0} role="region" aria-label="Training jobs">
        <table>
          <thead>
            <tr>
              {columns.map(({ id, title, numeric }) => (
                <th
                  key={id}
                  scope="col"
                  class={numeric ? "numeric" : ""}
                  aria-sort={sorting.column !== id ? "none" : sorting.descending ? "descending" : "ascending"}
                >
                  <button type="button" onClick={() => sortBy(id)} title={title}>
                    {title}
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {found.slice(at * PAGE, (at + 1) * PAGE).map((trainingJob) => (
              <tr
                key={trainingJob.name}
                class={trainingJob.name === tuning.job.best ? "opens best" : "opens"}
                onClick={(event) => opens(event) && onOpen(trainingJob.name)}
              >
                {columns.map(({ id, numeric, cell }) => (
                  <td key={id} class={numeric ? "numeric" : id === "headline" ? "words" : ""}>
                    {cell(trainingJob)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
        {!found.length && (
          <p class="empty">
            {tuning.trainingJobs.length
              ? "No training job matches the filter."
              : `No training job ${tuning.job.ended ? "was started" : "has been started yet"}.`}
          </p>
        )}
      </div>
      <div class="pager" aria-live="polite">
        <span class="muted">
          {found.length ? `${at * PAGE + 1}–${Math.min((at + 1) * PAGE, found.length)} of ${found.length}` : ""}
          {found.length !== tuning.trainingJobs.length && ` (${tuning.trainingJobs.length} in all)`}
        </span>
        {pages > 1 && (
          <span class="tools">
            {/* Not `disabled`: at the last page that would take the focus from keyboard users. */}
            <button type="button" aria-disabled={at === 0} onClick={() => setPage(Math.max(at - 1, 0))}>
              Previous
            </button>
            <button type="button" aria-disabled={at === pages - 1} onClick={() => setPage(Math.min(at + 1, pages - 1))}>
              Next
            </button>
          </span>
        )}
      </div>
    </section>
  );
}

/** Whether a click on a row opens it: not one on a link, nor the end of selecting text. */
const opens = (event: MouseEvent): boolean =>
  !(event.target as Element).closest("a") && (window.getSelection()?.isCollapsed ?? true);

function columnsOf(tuning: Tuning, onOpen: (name: string) => void): Column[] {
  const failed = tuning.trainingJobs.some((t) => t.reason);
  return [
    {
      id: "number",
      title: "#",
      numeric: true,
      cell: (t) => <span title={t.name}>{t.number}</span>,
    },
    {
      id: "metric",
      title: tuning.job.objective?.metric ?? "objective",
      numeric: true,
      cell: (t) => <b title={t.metric === null ? undefined : String(t.metric)}>{number(t.metric)}</b>,
    },
    ...tuning.parameters.map((p): Column => ({
      id: `values.${p.name}`,
      title: p.name,
      numeric: p.kind !== "categorical",
      cell: (t) => <span title={String(t.values[p.name] ?? "")}>{number(t.values[p.name])}</span>,
    })),
    { id: "status", title: "Status", numeric: false, cell: (t) => <StatusBadge of={t.status} quiet /> },
    { id: "duration", title: "Duration", numeric: true, cell: (t) => duration(t.duration) },
    {
      id: "name",
      title: "Training job",
      numeric: false,
      cell: (t) => (
        <code>
          <TrainingJobLink name={t.name} job={tuning.job.name} onOpen={onOpen} />
        </code>
      ),
    },
    ...(failed
      ? [
          {
            id: "headline",
            title: "Failure reason",
            numeric: false,
            cell: (t: TrainingJobRow) => <span title={t.reason ?? ""}>{t.headline ?? ""}</span>,
          },
        ]
      : []),
  ];
}
