/** A list of tuning jobs that keeps itself fresh, and grows by a page of older ones at a time. */

import { useEffect, useRef, useState } from "preact/hooks";

import { get } from "./api";
import type { JobListing, ListedJob, Problem } from "./model";
import { usePolling } from "./polling";

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

interface Pages extends JobListing {
  /** How many were read. */
  count: number;
}

export function useListing(path: string, seconds: number): Listing {
  const wanted = useRef(1);
  const [busy, setBusy] = useState(false);
  const read = async (): Promise<{ value: Pages; etag: string }> => ({ value: await pages(path, wanted.current), etag: "" });
  // The more pages, the less often: a long list costs the server no more than a short one.
  const { value, problem, reload } = usePolling<Pages>(path, (known) => seconds * (known?.count ?? 1), read);
  useEffect(() => setBusy(false), [value, problem]);
  const loadOlder = (): void => {
    wanted.current = (value?.count ?? 0) + 1; // the same if it has failed before
    setBusy(true);
    reload();
  };
  return {
    jobs: value?.jobs ?? null,
    troubles: value?.problems ?? [],
    problem,
    busy,
    reload,
    loadOlder: value && typeof value.older === "string" ? loadOlder : null,
  };
}

/**
 * Read the wanted number of pages, or all. They are refreshed together: a new job pushes the last one of each page to the next,
 * and old ones that still run change too.
 */
async function pages(path: string, wanted: number): Promise<Pages> {
  const read: JobListing[] = [];
  let older: string | null | undefined;
  do {
    const { value } = await get<JobListing>(older ? `${path}?before=${encodeURIComponent(older)}` : path);
    read.push(value as JobListing); // never null: it was not asked for with an ETag
    older = value?.older;
  } while (older && read.length < wanted);
  return {
    jobs: once(read.flatMap(({ jobs }) => jobs), ({ dag_id, run_id, task_id, map_index }) => [dag_id, run_id, task_id, map_index]),
    problems: once(read.flatMap(({ problems }) => problems), ({ title, detail, remedy }) => [title, detail, remedy]),
    older: older ?? null,
    count: read.length,
  };
}

/** Each once: what is read in turn may overlap, since new jobs come in between. */
function once<T>(all: T[], key: (one: T) => unknown): T[] {
  return [...new Map(all.map((one) => [JSON.stringify(key(one)), one] as const).reverse()).values()].reverse();
}
