import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { JobList } from "../src/parts/JobList";
import type { JobListing } from "../src/model";
import { fireEvent } from "./events";
import { listed } from "./tuning";

let root: HTMLElement;
let answers: Record<string, JobListing | number>;

beforeEach(() => {
  root = document.body.appendChild(document.createElement("div"));
  vi.stubGlobal("fetch", (url: URL) => {
    const found = answers[`${url.pathname}${url.search}`.replace(/^.*\/api\//, "")];
    const [body, status] = typeof found === "object" ? [found, 200] : [{}, found ?? 404];
    return Promise.resolve(new Response(JSON.stringify(body), { status }));
  });
});
afterEach(() => {
  render(null, root);
  root.remove();
  vi.unstubAllGlobals();
});

const show = (): void => void act(() => render(<JobList place={{ kind: "jobs" }} />, root));
const rows = (): string[][] =>
  [...root.querySelectorAll("tbody tr")].map((row) => [...row.querySelectorAll("td")].map((cell) => cell.textContent ?? ""));

test("a running job's time grows, that of one that has ended stands, and what nobody knows is a dash", async () => {
  const running = listed("running", { run_id: "b", status: "InProgress", created_at: Date.now() / 1000 - 3600, ended_at: null });
  const unknown = listed("unknown", { run_id: "c", status: null, created_at: null, ended_at: null, finished: null });
  answers = { jobs: { jobs: [running, listed("ended"), unknown], problems: [], older: null } };
  show();
  await vi.waitFor(() => expect(rows().length).toBe(3));
  expect(rows().map((row) => row.at(-1))).toEqual([expect.stringMatching(/^1 h/), "5 min", "–"]);
});

test("older jobs are added once, and a failure to read them is told with the list still there", async () => {
  answers = {
    jobs: { jobs: [listed("new", { run_id: "b" }), listed("both")], problems: [], older: 7 },
    "jobs?before=7": 500,
  };
  show();
  await vi.waitFor(() => expect(rows().length).toBe(2));
  await fireEvent(root.querySelector(".more button"));
  await vi.waitFor(() => expect(root.querySelector(".stale")?.textContent).toContain("The server answered 500."));
  expect(rows().length).toBe(2);
  answers["jobs?before=7"] = { jobs: [listed("both"), listed("old", { run_id: "c" })], problems: [], older: null };
  await fireEvent(root.querySelector(".more button"));
  await vi.waitFor(() => expect(rows().map((row) => row[0])).toEqual(["new", "both", "old"]));
  expect(root.querySelector(".stale")).toBeNull();
  expect(root.querySelector(".more")).toBeNull();
});
