/** What the lists of tuning jobs have in common: heading with filter, problems, progress, duration, more rows. */

import type { ComponentChildren } from "preact";

import type { ListedJob, Problem } from "../model";

interface HeadProps {
  children: ComponentChildren;
  text: string;
  placeholder: string;
  label: string;
  onText: (text: string) => void;
}

/** The heading, and the box that filters the list. */
export function ListHead({ children, text, placeholder, label, onText }: HeadProps) {
  return (
    <div class="section-head list-head">
      <h1>{children}</h1>
      <input
        type="search"
        value={text}
        placeholder={placeholder}
        aria-label={label}
        onInput={(event) => onText(event.currentTarget.value)}
      />
    </div>
  );
}

/** What could not be read of a list that is shown all the same. */
export function ListProblems({ problems }: { problems: Problem[] }) {
  return (
    <>
      {problems.map((one) => (
        <p class="stale" role="status" key={`${one.title} ${one.detail} ${one.remedy}`}>
          <b>{one.title}.</b> {one.detail} {one.remedy}
        </p>
      ))}
    </>
  );
}

/** The button that reads further rows. */
export function MoreRows({ title, busy, onMore }: { title: string; busy: boolean; onMore: () => void }) {
  return (
    <p class="more">
      {/* Not `disabled`: that would take the focus from keyboard users. */}
      <button type="button" aria-disabled={busy} onClick={() => busy || onMore()}>
        {title}
      </button>
    </p>
  );
}

export const isRunning = ({ status }: Pick<ListedJob, "status">): boolean => status === "InProgress" || status === "Stopping";

/** Seconds that a tuning job took, or has taken until now; null if that is not known. */
export function took(job: Pick<ListedJob, "status" | "created_at" | "ended_at">, now: number): number | null {
  const end = job.ended_at ?? (isRunning(job) ? now : null);
  return end === null || job.created_at === null ? null : Math.max(0, end - job.created_at);
}

export function MiniProgress({ row }: { row: Pick<ListedJob, "finished" | "failed" | "max_training_jobs"> }) {
  if (row.finished === null) return <span class="muted">–</span>;
  const total = Math.max(row.max_training_jobs ?? row.finished, row.finished, 1);
  const good = row.finished - (row.failed ?? 0);
  return (
    <span class="mini">
      <span class="bar" aria-hidden="true">
        <i class="part part-done" style={{ width: `${(good / total) * 100}%` }} />
        <i class="part part-failed" style={{ width: `${((row.failed ?? 0) / total) * 100}%` }} />
      </span>
      {row.finished} of {row.max_training_jobs ?? "–"}
    </span>
  );
}
