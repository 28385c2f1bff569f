/** All tuning jobs of a connection: pages of SageMaker's list, refreshed together. */

import { useEffect, useRef, useState } from "preact/hooks";

import { connectionPath, get } from "./api";
import type { Problem } from "./model";
import { usePolling } from "./polling";

/** A row (see ui/named_jobs.py); what its details say is null until they have been read. */
export interface AnyJob {
  name: string;
  status: string;
  strategy: string;
  created_at: number | null;
  ended_at: number | null;
  finished: number;
  failed: number;
  max_training_jobs: number | null;
  metric: string | null;
  final_metric: number | null;
  owner: { dag_id: string; task_id: string } | null;
}

export interface Order {
  sort: "created" | "name" | "status";
  ascending: boolean;
}

export const NEWEST_FIRST: Order = { sort: "created", ascending: false };

interface Page {
  jobs: AnyJob[];
  /** Jobs that the user may not see, or whose owner is not known yet. */
  hidden: number;
  problems: Problem[];
  older: string | null;
}

export interface AllJobs extends Page {
  /** Number of pages that were read. */
  count: number;
}

const SECONDS = 10;

export function useAllJobs(connection: string, order: Order, contains: string) {
  const wanted = useRef(1);
  const [busy, setBusy] = useState(false);
  const query = new URLSearchParams({ sort: order.sort, order: order.ascending ? "ascending" : "descending", contains });
  const path = `${connectionPath(connection)}?${query}`;
  useEffect(() => void (wanted.current = 1), [path]);
  const { value, problem, reload } = usePolling<AllJobs>(
    path,
    (known) => SECONDS * (known?.count ?? 1),
    async () => ({ value: await pages(path, wanted.current), etag: "" }),
  );
  useEffect(() => setBusy(false), [value, problem]);
  const loadOlder = (): void => {
    wanted.current = (value?.count ?? 0) + 1;
    setBusy(true);
    reload();
  };
  return { value, problem, busy, reload, loadOlder: value?.older ? loadOlder : null };
}

async function pages(path: string, wanted: number): Promise<AllJobs> {
  const read: Page[] = [];
  let older: string | null = null;
  do {
    const answer: { value: Page | null } = await get<Page>(older ? `${path}&before=${encodeURIComponent(older)}` : path);
    const page = answer.value as Page; // never null: it was not asked for with an ETag
    read.push(page);
    older = page.older;
  } while (older && read.length < wanted);
  const jobs = new Map(read.flatMap((page) => page.jobs).map((job) => [job.name, job]));
  return {
    jobs: [...jobs.values()],
    hidden: read.reduce((sum, page) => sum + page.hidden, 0),
    problems: read.flatMap((page) => page.problems),
    older,
    count: read.length,
  };
}
