import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { PALETTES } from "../src/charts/palette";
import { Compare } from "../src/parts/Compare";
import { ComparisonTable } from "../src/parts/ComparisonTable";
import type { JobListing, Tuning } from "../src/model";
import { answer, listed, tuning, tuningOf } from "./tuning";

const task = { dag_id: "d", run_id: "r", task_id: "t", map_index: -1 };
const problem = { kind: "forbidden", title: "This tuning job belongs to another DAG", detail: "", remedy: "Ask for it." };
let root: HTMLElement;
let asked: string[];
let list: JobListing;

/** Sections are in sight at once; charts never, since there is no canvas to draw on. */
class Sight {
  constructor(private readonly tell: (entries: { isIntersecting: boolean }[]) => void) {}
  observe(element: Element): void {
    if (element.tagName === "SECTION") this.tell([{ isIntersecting: true }]);
  }
  disconnect(): void {}
}

beforeEach(() => {
  root = document.body.appendChild(document.createElement("div"));
  asked = [];
  list = { jobs: [listed("churn"), listed("sibling", { run_id: "older" })], problems: [], older: null };
  vi.stubGlobal("IntersectionObserver", Sight);
  vi.stubGlobal("fetch", (url: URL) => {
    const path = decodeURIComponent(`${url.pathname}${url.search}`.replace(/^.*\/api\//, ""));
    asked.push(path);
    if (path.startsWith("jobs?before=")) return reply({ jobs: [listed("ancient", { run_id: "x" })], problems: [], older: null });
    if (path.startsWith("jobs")) return reply(list);
    if (path.includes("/parents/secret")) return reply(problem, 403);
    const name = /\/parents\/([\w-]+)/.exec(path)?.[1] ?? "sibling";
    return reply({ ...answer({ name, ended: true, status: "Completed", ended_at: 1300 }) });
  });
});
afterEach(() => {
  render(null, root);
  root.remove();
  vi.unstubAllGlobals();
});

const reply = (body: unknown, status = 200): Promise<Response> => Promise.resolve(new Response(JSON.stringify(body), { status }));
const show = (one: Tuning): void => void act(() => render(<Compare tuning={one} task={task} palette={PALETTES.light} log={false} />, root));
const select = (): HTMLSelectElement => root.querySelector("select") as HTMLSelectElement;
const heads = (): string[] => [...root.querySelectorAll(".sides thead th")].map((one) => one.textContent?.trim() ?? "");

function choose(name: string): void {
  select().value = name;
  act(() => void select().dispatchEvent(new Event("change", { bubbles: true })));
}

test("a warm-started job stands next to its first parent; any other known job can be chosen", async () => {
  show(tuning({ warm_start: { type: "TransferLearning", parents: ["last-week"] } }));
  await vi.waitFor(() => expect(heads()).toEqual(["churn", "last-week"]));
  await vi.waitFor(() => expect([...select().options].map((one) => one.value)).toEqual(["", "last-week", "sibling"]));
  expect([...select().querySelectorAll("optgroup")].map((one) => one.label)).toEqual(["Warm-started from", "Of DAG d"]);
  choose("sibling");
  await vi.waitFor(() => expect(heads()).toEqual(["churn", "sibling"]));
  expect(asked).toContain("dags/d/runs/older/tasks/t?map_index=-1");
  choose("");
  expect(root.querySelector(".sides")).toBeNull();
});

test("a job without parents asks for a choice, and reads no other job before", async () => {
  show(tuning());
  await vi.waitFor(() => expect(select().options.length).toBe(2));
  expect(select().value).toBe("");
  expect(asked).toEqual(["jobs"]);
});

test("older jobs are offered on demand", async () => {
  list = { ...list, older: "123.5" };
  show(tuning());
  await vi.waitFor(() => expect(root.querySelector(".choice button")).not.toBeNull());
  act(() => (root.querySelector(".choice button") as HTMLElement).click());
  await vi.waitFor(() => expect([...select().options].map((one) => one.value)).toEqual(["", "sibling", "ancient"]));
  expect(asked).toContain("jobs?before=123.5");
  expect(root.querySelector(".choice button")).toBeNull();
});

test("the chosen job stays when newer ones push it off the list", async () => {
  show(tuning());
  await vi.waitFor(() => expect(select().options.length).toBe(2));
  choose("sibling");
  await vi.waitFor(() => expect(heads()).toEqual(["churn", "sibling"]));
  list = { jobs: [listed("newest", { run_id: "newest" })], problems: [], older: "1" };
  document.dispatchEvent(new Event("visibilitychange"));
  await vi.waitFor(() => expect([...select().options].map((one) => one.value)).toContain("newest"));
  expect(select().value).toBe("sibling");
  expect(heads()).toEqual(["churn", "sibling"]);
});

test("a job that has ended at an unknown time does not grow older", () => {
  const odd = tuningOf("odd", [0.6, null, 0.45, 0.4, null], { ended: true, ended_at: null, status: "Failed" });
  act(() => render(<ComparisonTable tuning={tuning()} other={odd} palette={PALETTES.light} log={false} />, root));
  const took = [...root.querySelectorAll(".sides tbody tr")].find((row) => row.querySelector("th")?.textContent === "Duration");
  expect(took?.querySelectorAll("td")[1]?.textContent).toBe("–");
});

test("what cannot be read is reported, and another can be chosen", async () => {
  show(tuning({ warm_start: { type: "TransferLearning", parents: ["secret", "last-week"] } }));
  await vi.waitFor(() => expect(root.querySelector("[role=alert]")?.textContent).toContain("belongs to another DAG. "));
  choose("last-week");
  await vi.waitFor(() => expect(heads()).toEqual(["churn", "last-week"]));
  expect(root.querySelector("[role=alert]")).toBeNull();
});

test("the only job there is says that there is no other", async () => {
  list = { jobs: [listed("churn")], problems: [], older: null };
  show(tuning());
  await vi.waitFor(() => expect(root.textContent).toContain("No other tuning job to compare with yet"));
});

test("the table has best values, best hyperparameters and ranges of both", () => {
  const other = tuningOf("older", [0.6, null, 0.45, 0.4, null], { ended: true, ended_at: 1900, status: "Completed" });
  other.parameters = [{ name: "depth", kind: "integer", scale: "linear", min: 2, max: 9 }];
  for (const trainingJob of other.trainingJobs) trainingJob.values = { depth: trainingJob.number };
  act(() => render(<ComparisonTable tuning={tuning()} other={other} palette={PALETTES.light} log={false} />, root));
  const cells = Object.fromEntries(
    [...root.querySelectorAll(".sides tbody tr")].map((row) => [
      row.querySelector("th")?.textContent,
      [...row.querySelectorAll("td")].map((cell) => [...cell.childNodes].flatMap((node) => node.textContent || []).join(" | ")),
    ]),
  );
  expect(cells).toMatchObject({
    "Best objective": ["0.2 | loss, smallest, of 003-c", "0.4 | loss, smallest, of churn-004-d"],
    Status: ["Running | Bayesian search", "Completed | Bayesian search"],
    "Training jobs": ["5, 1 failed", "5, 1 failed"],
    lr: ["0.01 | 0.001 to 1, logarithmic", "– | not searched"],
    booster: ["dart | of gbtree, dart", "– | not searched"],
    depth: ["– | not searched", "4 | 2 to 9"],
  });
  expect(cells["Duration"]?.[1]).toBe("15 min");
  expect(root.querySelector(".chart")?.getAttribute("aria-label")).toContain("churn is better by 0.2");
});

test("objectives in opposite directions are not drawn on one axis", () => {
  const other = tuning({ name: "older", objective: { metric: "auc", type: "Maximize" } });
  act(() => render(<ComparisonTable tuning={tuning()} other={other} palette={PALETTES.light} log={false} />, root));
  expect(root.querySelector(".chart")).toBeNull();
  expect(root.querySelector(".verdict")?.textContent).toContain("cannot be compared");
  expect(root.querySelector(".sides")).not.toBeNull();
});
