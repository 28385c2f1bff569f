/** Several tuning jobs: their courses, and the history of a task's runs. */

import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { courseChart, historyChart } from "../src/charts/several";
import { PALETTES } from "../src/charts/palette";
import { Several } from "../src/parts/Several";
import { course, family, incomparable, mixed, newest, runRows } from "../src/several";
import { fireEvent } from "./events";
import { answer, listed, tuning, tuningOf } from "./tuning";

vi.mock("../src/charts/echarts", () => ({ init: () => ({ setOption: () => undefined, on: () => undefined, resize: () => undefined, dispose: () => undefined }) }));
const task = { dag_id: "d", run_id: "r", task_id: "t", map_index: -1 };
const EVIL = "<img src=x onerror=alert(1)>";
let root: HTMLElement;

beforeEach(() => {
  root = document.body.appendChild(document.createElement("div"));
  vi.stubGlobal("IntersectionObserver", class {
    constructor(readonly tell: (entries: { isIntersecting: boolean }[]) => void) {}
    observe(): void {
      this.tell([{ isIntersecting: true }]);
    }
    disconnect(): void {}
  });
});
afterEach(() => {
  render(null, root);
  root.remove();
  vi.unstubAllGlobals();
});

test("the best so far against training jobs, and against billable time of all machines", () => {
  expect(course(tuning(), "jobs")).toEqual([[1, 0.5], [2, 0.5], [3, 0.2], [4, 0.2], [5, 0.2]]);
  // 2 machines; the failed one ends first and costs 10 seconds of each
  expect(course(tuning(), "billable")).toEqual([[220, 0.5], [420, 0.2], [620, 0.2]]);
});

test("what cannot be compared is not drawn, and different names are a caution", () => {
  const other = tuningOf("other", [1, 2, 3, 4, 5], { objective: { metric: "f1", type: "Maximize" } });
  expect(incomparable([tuning(), other])).toContain("minimize");
  expect(incomparable([tuning(), tuning()])).toBeNull();
  expect(mixed([tuning(), tuningOf("b", [1], { objective: { metric: "auc", type: "Minimize" } })])).toContain("loss, auc");
});

test("the warm start's parents and the last runs, without the page's own", () => {
  const child = tuning({ warm_start: { type: "TransferLearning", parents: ["a/b"] } });
  expect(family(child, task)).toEqual([{ name: "a/b", path: "api/dags/d/runs/r/tasks/t/parents/a%2Fb?map_index=-1" }]);
  const rows = ["churn", "x", "y", "z"].map((name) => listed(name));
  expect(newest(runRows(rows), "churn", 2).map(({ name }) => name)).toEqual(["x", "y"]);
});

test("no name is markup in a tooltip", () => {
  const evil = tuningOf(EVIL, [1, 2, 3, 4, 5]);
  type Made = { tooltip: { formatter: (point: object) => string } };
  const charts: [object, object][] = [
    [courseChart([evil], "jobs", PALETTES.light), { seriesIndex: 0, value: [1, 2] }],
    [historyChart([listed(EVIL, { run_id: EVIL, final_metric: 1 })], "", PALETTES.light), { dataIndex: 0 }],
  ];
  for (const [chart, point] of charts) expect((chart as Made).tooltip.formatter(point)).not.toContain("<img");
});

test("runs are listed with links, chosen one by one or together, and compared", async () => {
  const rows = [listed("churn", { run_id: "r3", final_metric: 0.2 }), listed("x", { run_id: EVIL, final_metric: 0.4 }), listed("gone", { run_id: "r1" })];
  vi.stubGlobal("fetch", (url: URL) => {
    if (url.pathname.endsWith("/tasks/t/jobs")) return Promise.resolve(new Response(JSON.stringify({ jobs: rows, problems: [], older: null })));
    if (url.pathname.includes("r1")) return Promise.resolve(new Response(JSON.stringify({ kind: "job_gone", title: "It is gone", detail: "", remedy: "Nothing." }), { status: 404 }));
    return Promise.resolve(new Response(JSON.stringify(answer({ name: "x" }))));
  });
  act(() => render(<Several tuning={tuning()} task={task} palette={PALETTES.light} />, root));
  await vi.waitFor(() => expect(root.querySelectorAll(".runs tbody tr").length).toBe(3));
  expect([...root.querySelectorAll(".runs a")].map((one) => one.getAttribute("href"))).toContain("task/d/r3/t?map_index=-1");
  expect(root.querySelector("img")).toBeNull();
  await fireEvent(root.querySelector("input[aria-label='Compare with x']"));
  await vi.waitFor(() => expect([...root.querySelectorAll(".several thead th")].map((one) => one.textContent)).toEqual(["1 churn", "2 x"]));
  expect(root.querySelector(".several tbody")?.textContent).toContain("0.001 to 1, logarithmic");
  await fireEvent([...root.querySelectorAll("button")].find((one) => one.textContent?.startsWith("Compare the last")));
  await vi.waitFor(() => expect(root.querySelector("[role=alert]")?.textContent).toBe("gone: It is gone. Nothing."));
  await fireEvent([...root.querySelectorAll("button")].find((one) => one.textContent === "Compare none"));
  expect(root.querySelector(".several")).toBeNull();
});

test("tuning jobs of a connection are listed with links, and compared", async () => {
  const jobs = ["churn", "x"].map((name) => ({ ...listed(name), created_at: 1000, status: "Completed", final_metric: 0.4, owner: null }));
  vi.stubGlobal("fetch", (url: URL) =>
    Promise.resolve(new Response(JSON.stringify(url.pathname.endsWith("/jobs") ? { jobs, hidden: 0, problems: [], older: null } : answer({ name: "x" })))),
  );
  act(() => render(<Several tuning={tuning()} task={{ connection: "local", name: "churn" }} palette={PALETTES.light} />, root));
  await vi.waitFor(() => expect([...root.querySelectorAll(".runs a")].map((one) => one.getAttribute("href"))).toEqual(["connections/local/jobs/churn", "connections/local/jobs/x"]));
  await fireEvent([...root.querySelectorAll("button")].find((one) => one.textContent === "Compare the last 10 tuning jobs"));
  await vi.waitFor(() => expect([...root.querySelectorAll(".several thead th")].map((one) => one.textContent)).toEqual(["1 churn", "2 x"]));
});
