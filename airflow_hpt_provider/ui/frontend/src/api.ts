/** Requests to the page's own server; paths are relative to the page's <base>. */

import type { Problem, TaskInstance, TaskKey } from "./model";

export class ProblemError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.title);
  }
}

/** The path of a tuning job in the API. */
export function taskPath(task: TaskInstance, rest = ""): string {
  if ("connection" in task) return `${connectionPath(task.connection)}/${encodeURIComponent(task.name)}${rest}?`; // parameters may follow
  const { dag_id, run_id, task_id, map_index } = task;
  return `api/dags/${[dag_id, "runs", run_id, "tasks", task_id].map(encodeURIComponent).join("/")}${rest}?map_index=${map_index}`;
}

/** The path of all tuning jobs of a connection in the API. */
export const connectionPath = (connection: string): string => `api/connections/${encodeURIComponent(connection)}/jobs`;

/** The page of all tuning jobs of a connection, or of one of them. */
export const connectionPage = (connection: string, name?: string): string =>
  `connections/${encodeURIComponent(connection)}${name ? `/jobs/${encodeURIComponent(name)}` : ""}`;

export const runPath = (dagId: string, runId: string): string =>
  `api/dags/${encodeURIComponent(dagId)}/runs/${encodeURIComponent(runId)}/jobs`;

/** Airflow's own page of a DAG run, which has "Trigger again with this config". */
export const airflowRun = ({ dag_id, run_id }: TaskKey): string => `../dags/${encodeURIComponent(dag_id)}/runs/${encodeURIComponent(run_id)}`;

/** The page of a task instance, in the same frame. */
export const taskPage = ({ dag_id, run_id, task_id, map_index }: TaskKey): string =>
  `task/${[dag_id, run_id, task_id].map(encodeURIComponent).join("/")}?map_index=${map_index}`;

/** JSON; null if the server says that nothing has changed. `denied` is what a 403 without a reason means. */
export async function get<T>(path: string, etag?: string, denied?: Problem): Promise<{ value: T | null; etag: string }> {
  const answer = await send(path, { headers: etag ? { "If-None-Match": etag } : {}, cache: "no-store" });
  if (answer.status === 304) return { value: null, etag: etag ?? "" };
  const general = denied ? { ...GENERAL, 403: denied } : GENERAL;
  return { value: (await checked(answer, general)) as T, etag: answer.headers.get("ETag") ?? "" };
}

/** The path of a training job in the API. */
export const trainingJobPath = (task: TaskInstance, name: string, rest = ""): string =>
  taskPath(task, `/training-jobs/${encodeURIComponent(name)}${rest}`);

/** Stop the task's tuning job, or what has this path. */
export async function stop(task: TaskInstance, path = taskPath(task, "/stop")): Promise<void> {
  try {
    // The header is what another site cannot send.
    const init = { method: "POST", headers: { "X-Requested-With": "tuning-page" } };
    await checked(await send(path, init), { ...GENERAL, 403: MAY_NOT_STOP });
  } catch (error) {
    // The page reads again by itself; it does not stop by itself.
    if (!(error instanceof ProblemError) || !PASSING.has(error.problem.kind)) throw error;
    throw new ProblemError({ ...error.problem, remedy: "The job may keep running. Check its status, and try again." });
  }
}

const PASSING = new Set(["offline", "owner_unchecked", "unreadable", "unreachable"]);

async function send(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(new URL(path, document.baseURI), { credentials: "same-origin", ...init });
  } catch {
    throw new ProblemError({
      kind: "offline",
      title: "Airflow does not respond",
      detail: "This browser cannot reach the API server.",
      remedy: "The page retries automatically.",
    });
  }
}

async function checked(answer: Response, general = GENERAL): Promise<unknown> {
  if (answer.ok) return answer.json().catch(unreadable);
  const body: unknown = await answer.json().catch(() => null);
  if (body && typeof body === "object" && "title" in body) throw new ProblemError(body as Problem);
  throw new ProblemError(general[answer.status] ?? {
    kind: "failed",
    title: `The server responded with ${answer.status}`,
    detail: "",
    remedy: "Check the log of Airflow's API server.",
  });
}

function unreadable(): never {
  throw new ProblemError({
    kind: "unreadable",
    title: "The response could not be read",
    detail: "The response was incomplete, or did not come from Airflow (a proxy login page?).",
    remedy: "The page retries automatically. If this persists, reload it.",
  });
}

const MAY_NOT_STOP: Problem = {
  kind: "forbidden",
  title: "You do not have permission to stop this job",
  detail: "Stopping requires the permission to edit the DAG's task instances.",
  remedy: "Ask your Airflow administrator for it.",
};

const GENERAL: Record<number, Problem> = {
  401: {
    kind: "logged_out",
    title: "You are logged out",
    detail: "",
    remedy: "Log in to Airflow again, then reload this page.",
  },
  403: {
    kind: "forbidden",
    title: "You do not have permission to see this",
    detail: "The page requires the permission to read the DAG and its XComs.",
    remedy: "Ask your Airflow administrator for it.",
  },
};
