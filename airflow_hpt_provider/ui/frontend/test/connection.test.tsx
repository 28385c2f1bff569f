import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { placeOf } from "../src/address";
import { connectionPage, taskPath } from "../src/api";
import type { AnyJob } from "../src/connectionListing";
import { ConnectionLinks } from "../src/parts/ConnectionLinks";
import { ConnectionList } from "../src/parts/ConnectionList";
import { fireEvent } from "./events";

let root: HTMLElement;
let asked: string[];
let answers: (query: URLSearchParams) => { jobs: AnyJob[]; hidden: number; older: string | null };

beforeEach(() => {
  root = document.body.appendChild(document.createElement("div"));
  asked = [];
  vi.stubGlobal("fetch", (url: URL) => {
    asked.push(url.pathname);
    return Promise.resolve(new Response(JSON.stringify({ problems: [], ...answers(url.searchParams) })));
  });
});
afterEach(() => {
  render(null, root);
  root.remove();
  vi.unstubAllGlobals();
});

const job = (name: string, more: Partial<AnyJob> = {}): AnyJob => ({
  name,
  status: "Completed",
  strategy: "Random",
  created_at: 1000,
  ended_at: 1300,
  finished: 4,
  failed: 0,
  max_training_jobs: 4,
  metric: "auc",
  final_metric: 0.75,
  owner: { dag_id: "churn", task_id: "tune" },
  ...more,
});
const show = (): void => void act(() => render(<ConnectionList connection="team/prod" />, root));
const rows = (): string[][] =>
  [...root.querySelectorAll("tbody tr")].map((row) => [...row.querySelectorAll("td")].map((cell) => cell.textContent ?? ""));
const button = (title: string): HTMLButtonElement | undefined =>
  [...root.querySelectorAll("button")].find(({ textContent }) => textContent === title);

test("addresses of a connection and of its jobs", () => {
  expect(placeOf("/hpt/connections/team%2Fprod", "", "/hpt/")).toEqual({ kind: "connection", connection: "team/prod" });
  expect(placeOf("/connections/aws/jobs/tune-1", "", "/")).toEqual({ kind: "task", task: { connection: "aws", name: "tune-1" } });
  expect(connectionPage("team/prod", "tune-1")).toBe("connections/team%2Fprod/jobs/tune-1");
  expect(taskPath({ connection: "team/prod", name: "tune-1" }, "/stop")).toBe("api/connections/team%2Fprod/jobs/tune-1/stop?");
});

test("a row has metric, best value and owner; what has not been read is a dash", async () => {
  const unread = job("unread", { metric: null, final_metric: null, owner: null });
  answers = () => ({ jobs: [job("tagged"), unread], hidden: 2, older: null });
  show();
  await vi.waitFor(() => expect(rows().length).toBe(2));
  expect(rows()[0]?.slice(0, 6)).toEqual(["tagged", "Completed", "4 of 4", "auc", "0.75", "churn · tune"]);
  expect(rows()[1]?.slice(3, 6)).toEqual(["–", "–", "–"]);
  expect(root.textContent).toContain("2 tuning jobs not shown");
  expect(asked[0]).toContain("api/connections/team%2Fprod/jobs");
  expect(root.querySelector("a")?.getAttribute("href")).toBe("connections/team%2Fprod/jobs/tagged");
});

test("SageMaker sorts and filters, and the next page begins at its token", async () => {
  answers = (query) => {
    const name = ["sort", "order", "contains", "before"].map((key) => query.get(key) ?? "").join("|");
    return { jobs: [job(name)], hidden: 0, older: query.get("before") ? null : "token+1" };
  };
  show();
  await vi.waitFor(() => expect(rows().map(([name]) => name)).toEqual(["created|descending||"]));
  await fireEvent(button("More"));
  await vi.waitFor(() => expect(rows().map(([name]) => name)).toEqual(["created|descending||", "created|descending||token+1"]));
  expect(button("More")).toBeUndefined();
  await fireEvent(button("Tuning job"));
  await vi.waitFor(() => expect(rows().map(([name]) => name)).toEqual(["name|ascending||"]));
  expect(button("Tuning job")?.closest("th")?.getAttribute("aria-sort")).toBe("ascending");
  const field = root.querySelector("input") as HTMLInputElement;
  field.value = "chu rn";
  await act(() => void field.dispatchEvent(new Event("input", { bubbles: true })));
  await vi.waitFor(() => expect(rows().map(([name]) => name)).toEqual(["name|ascending|churn|"]));
});

test("the list of Airflow's jobs links to the connections that the user may read", async () => {
  answers = () => ({ connections: ["aws_default", "team/prod"] }) as never;
  act(() => render(<ConnectionLinks />, root));
  await vi.waitFor(() => expect(root.querySelectorAll("a").length).toBe(2));
  expect([...root.querySelectorAll("a")].map((one) => one.getAttribute("href"))).toEqual(["connections/aws_default", "connections/team%2Fprod"]);
});
