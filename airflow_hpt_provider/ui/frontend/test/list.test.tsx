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

test("a running job's time grows, that of one that has ended stands, and an unknown time is a dash", async () => {
  const running = listed("running", { run_id: "b", status: "InProgress", created_at: Date.now() / 1000 - 3600, ended_at: null });
  const unknown = listed("unknown", { run_id: "c", status: null, created_at: null, ended_at: null, finished: null });
  answers = { jobs: { jobs: [running, listed("ended"), unknown], problems: [], older: null } };
  show();
  await vi.waitFor(() => expect(rows().length).toBe(3));
  expect(rows().map((row) => row.at(-1))).toEqual([expect.stringMatching(/^1 h/), "5 min", "–"]);
});

test("older jobs are added once, and a failure to read them is shown with the list still there", async () => {
  answers = {
    jobs: { jobs: [listed("new", { run_id: "b" }), listed("both")], problems: [], older: "7" },
    "jobs?before=7": 500,
  };
  show();
  await vi.waitFor(() => expect(rows().length).toBe(2));
  await fireEvent(root.querySelector(".more button"));
  await vi.waitFor(() => expect(root.querySelector(".stale")?.textContent).toContain("The server responded with 500."));
  expect(rows().length).toBe(2);
  answers["jobs?before=7"] = { jobs: [listed("both"), listed("old", { run_id: "c" })], problems: [], older: null };
  await fireEvent(root.querySelector(".more button"));
  await vi.waitFor(() => expect(rows().map((row) => row[0])).toEqual(["new", "both", "old"]));
  expect(root.querySelector(".stale")).toBeNull();
  expect(root.querySelector(".more")).toBeNull();
});

test("jobs do not get lost between two pages when new ones come in, and older ones are kept fresh too", async () => {
  const old = listed("old", { run_id: "a", status: "InProgress", ended_at: null });
  answers = {
    jobs: { jobs: [listed("b", { run_id: "b" })], problems: [], older: "1" },
    "jobs?before=1": { jobs: [old], problems: [], older: null },
  };
  show();
  await vi.waitFor(() => expect(rows().length).toBe(1));
  await fireEvent(root.querySelector(".more button"));
  await vi.waitFor(() => expect(rows().map((row) => row[1])).toEqual(["Completed", "Running"]));
  answers = {
    jobs: { jobs: [listed("c", { run_id: "c" })], problems: [], older: "2" },
    "jobs?before=2": { jobs: [listed("b", { run_id: "b" })], problems: [], older: "1" },
    "jobs?before=1": { jobs: [{ ...old, status: "Stopped" }], problems: [], older: null },
  };
  document.dispatchEvent(new Event("visibilitychange")); // looks again
  await vi.waitFor(() => expect(rows().map((row) => row[0])).toEqual(["c", "b"]));
  await fireEvent(root.querySelector(".more button"));
  await vi.waitFor(() => expect(rows().map((row) => row.slice(0, 2))).toEqual([["c", "Completed"], ["b", "Completed"], ["old", "Stopped"]]));
});

test("a page of jobs that one may not see is not the end of the list", async () => {
  answers = {
    jobs: { jobs: [], problems: [], older: "9~1~-1~t" },
    "jobs?before=9~1~-1~t": { jobs: [listed("mine")], problems: [], older: null },
  };
  show();
  await vi.waitFor(() => expect(root.querySelector(".more button")).not.toBeNull());
  expect(root.textContent).not.toContain("No tuning jobs yet");
  await fireEvent(root.querySelector(".more button"));
  await vi.waitFor(() => expect(rows().map((row) => row[0])).toEqual(["mine"]));
});

test("who asks for older ones by keyboard keeps the focus while they are read", async () => {
  answers = { jobs: { jobs: [listed("new")], problems: [], older: "7" }, "jobs?before=7": { jobs: [listed("old", { run_id: "c" })], problems: [], older: "6" } };
  show();
  await vi.waitFor(() => expect(root.querySelector(".more button")).not.toBeNull());
  const button = root.querySelector<HTMLButtonElement>(".more button") as HTMLButtonElement;
  button.focus();
  act(() => button.click());
  expect(button.getAttribute("aria-disabled")).toBe("true");
  expect(button.disabled).toBe(false);
  await vi.waitFor(() => expect(rows().length).toBe(2));
  expect(document.activeElement).toBe(button);
  expect(button.getAttribute("aria-disabled")).toBe("false");
});

test("a task that has lost its state is not said to be in none", async () => {
  answers = { jobs: { jobs: [listed("cleared", { status: null, task_state: null })], problems: [], older: null } };
  show();
  await vi.waitFor(() => expect(rows()[0]?.[1]).toBe("task not scheduled"));
});
