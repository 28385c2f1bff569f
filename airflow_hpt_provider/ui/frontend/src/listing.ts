/** A list of tuning jobs that keeps itself fresh, and grows by a page of older ones at a time. */

import { useMemo, useState } from "preact/hooks";

import { get, ProblemError } from "./api";
import type { JobListing, ListedJob, Problem } from "./model";
import { useFresh } from "./refresh";

export interface Listing {
  /** The newest first; null until they are known. */
  jobs: ListedJob[] | null;
  /** Accounts that could not be asked how the jobs are doing. */
  troubles: Problem[];
  /** Of the last request. */
  problem: Problem | null;
  busy: boolean;
  reload: () => void;
  /** Asks for the next page; null if there is none. */
  loadOlder: (() => void) | null;
}

export function useListing(path: string, seconds: number): Listing {
  const { value, problem, reload } = useFresh<JobListing>(path, () => seconds);
  const [more, setMore] = useState<JobListing | null>(null);
  const [trouble, setTrouble] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const jobs = useMemo(() => value && once([...value.jobs, ...(more?.jobs ?? [])]), [value, more]);
  const before = (more ?? value)?.older ?? null;
  const load = async (): Promise<void> => {
    setBusy(true);
    setTrouble(null);
    try {
      const { value: next } = await get<JobListing>(`${path}?before=${before}`);
      if (next) setMore({ ...next, jobs: [...(more?.jobs ?? []), ...next.jobs] });
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      setTrouble(error.problem);
    } finally {
      setBusy(false);
    }
  };
  return {
    jobs,
    troubles: value?.problems ?? [],
    problem: problem ?? trouble,
    busy,
    reload,
    loadOlder: before === null ? null : () => void load(),
  };
}

/** A page and the one before it may overlap, since new jobs come in between. */
function once(jobs: ListedJob[]): ListedJob[] {
  const known = new Set<string>();
  return jobs.filter((job) => {
    const key = JSON.stringify([job.dag_id, job.run_id, job.task_id, job.map_index]);
    return !known.has(key) && Boolean(known.add(key));
  });
}
