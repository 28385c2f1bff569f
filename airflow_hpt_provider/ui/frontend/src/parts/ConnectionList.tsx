/** All tuning jobs of a connection, whatever created them. */

import { useEffect, useState } from "preact/hooks";

import { connectionPage } from "../api";
import type { Order } from "../connectionListing";
import { useAllJobs } from "../connectionListing";
import { duration, number, plural, time } from "../format";
import { useNow } from "../polling";
import { isRunning, ListHead, ListProblems, MiniProgress, MoreRows, took } from "./listParts";
import { Notice, Stale } from "./Notice";
import { StatusBadge } from "./StatusBadge";

const COLUMNS: { title: string; sort?: Order["sort"]; numeric?: boolean }[] = [
  { title: "Tuning job", sort: "name" },
  { title: "Status", sort: "status" },
  { title: "Training jobs" },
  { title: "Metric" },
  { title: "Best", numeric: true },
  { title: "Owner" },
  { title: "Started", sort: "created" },
  { title: "Duration", numeric: true },
];

export function ConnectionList({ connection }: { connection: string }) {
  const [order, setOrder] = useState<Order>({ sort: "created", ascending: false });
  const [text, setText] = useState("");
  const { value, problem, busy, reload, loadOlder } = useAllJobs(connection, order, text.replace(/[^a-zA-Z0-9-]/g, ""));
  const now = useNow(value?.jobs.some(isRunning) ?? false);
  useEffect(() => {
    document.title = "Tuning jobs";
  }, []);
  if (!value && problem) return <Notice problem={problem} onRetry={reload} />;
  const sortBy = (sort: Order["sort"]): void =>
    setOrder({ sort, ascending: order.sort === sort ? !order.ascending : sort !== "created" });
  return (
    <article>
      <ListHead {...{ text, placeholder: "Name contains", label: "Part of the name", onText: setText }}>
        Tuning jobs <span class="muted">of {connection}</span>
      </ListHead>
      {problem && <Stale problem={problem} />}
      <ListProblems problems={value?.problems.slice(0, 3) ?? []} />
      <div class="table" tabIndex={0} role="region" aria-label="Tuning jobs">
        <table>
          <thead>
            <tr>
              {COLUMNS.map(({ title, sort, numeric }) => (
                <th
                  key={title}
                  scope="col"
                  class={numeric ? "numeric" : undefined}
                  aria-sort={sort && (order.sort !== sort ? "none" : order.ascending ? "ascending" : "descending")}
                >
                  {sort ? (
                    <button type="button" onClick={() => sortBy(sort)}>
                      {title}
                    </button>
                  ) : (
                    title
                  )}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {value?.jobs.map((job) => (
              <tr key={job.name}>
                <td>
                  <a href={connectionPage(connection, job.name)}>{job.name}</a>
                </td>
                <td>
                  <StatusBadge of={job.status} quiet />
                </td>
                <td>
                  <MiniProgress row={job} />
                </td>
                <td>{job.metric ?? <span class="muted">–</span>}</td>
                <td class="numeric">{number(job.final_metric)}</td>
                <td class="task">{job.owner ? `${job.owner.dag_id} · ${job.owner.task_id}` : <span class="muted">–</span>}</td>
                <td>{time(job.created_at)}</td>
                <td class="numeric">{duration(took(job, now))}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {!value && (
          <p class="empty" role="status">
            Reading the tuning jobs …
          </p>
        )}
        {value && !value.jobs.length && <p class="empty">{text ? "No tuning job's name contains this." : "There are no tuning jobs to show."}</p>}
      </div>
      {value && value.hidden > 0 && (
        <p class="muted small" role="status">
          {plural(value.hidden, "tuning job")} not shown: of DAGs that you may not read, or not read yet.
        </p>
      )}
      {loadOlder && <MoreRows title="More" busy={busy} onMore={loadOlder} />}
    </article>
  );
}
