import { expect, test } from "vitest";

import { horizon, objectiveChart } from "../src/charts/objective";
import { PALETTES } from "../src/charts/palette";
import { candidates, caution, ofConnection, ofTasks, rangeOf, verdict } from "../src/comparison";
import { listed, tuning, tuningOf } from "./tuning";

const task = { dag_id: "d", run_id: "r", task_id: "t", map_index: -1 };
const warm = { type: "IdenticalDataAndAlgorithm", parents: ["last-week", "two-weeks"] };

test("parents are offered first, then jobs of the same DAG, then others; the page's own job never, and none twice", () => {
  const known = [
    listed("churn"), // its own
    listed("elsewhere", { dag_id: "e" }),
    listed("last-week", { run_id: "older" }), // a parent too
    listed("sibling", { run_id: "older", map_index: 3, final_metric: 0.25 }),
    listed("sibling", { task_id: "sensor" }),
  ];
  const groups = candidates(tuning({ warm_start: warm }), task, ofTasks(task, known));
  expect(groups.map(({ title, jobs }) => [title, jobs.map((job) => job.name)])).toEqual([
    ["Warm-started from", ["last-week", "two-weeks"]],
    ["Of DAG d", ["sibling"]],
    ["Of other DAGs", ["elsewhere"]],
  ]);
  // a parent is read by way of this task, everything else by way of the task that made it
  expect(groups[0]?.jobs[0]?.path).toBe("api/dags/d/runs/r/tasks/t/parents/last-week?map_index=-1");
  expect(groups[1]?.jobs[0]?.path).toBe("api/dags/d/runs/older/tasks/t?map_index=3");
  expect(groups[1]?.jobs[0]?.label).toMatch(/^sibling · t\[3\] · .* · best 0.25$/);
  expect(groups[2]?.jobs[0]?.label).toMatch(/^elsewhere · e · t · /);
});

test("without parents and without other jobs there is nothing to offer", () => {
  expect(candidates(tuning(), task, ofTasks(task, [listed("churn")]))).toEqual([]);
});

test("on the page of a connection, its other jobs are offered", () => {
  const place = { connection: "team/prod", name: "churn" };
  const known = ["churn", "other"].map((name) => ({ ...listed(name), finished: 4, failed: 0, max_training_jobs: 4, metric: "auc", final_metric: 0.75, owner: null, status: "Completed", strategy: "Random", created_at: 1000 }));
  const groups = candidates(tuning(), place, ofConnection(place.connection, known));
  expect(groups.map(({ title, jobs }) => [title, jobs.map(({ path }) => path)])).toEqual([
    ["Of connection team/prod", ["api/connections/team%2Fprod/jobs/other?"]],
  ]);
  expect(groups[0]?.jobs[0]?.label).toMatch(/^other · .* · best 0.75$/);
});

const worse = () => tuningOf("older", [0.6, null, 0.45, 0.4, null]);

test("the verdict says who is better, by how much, and when it passed the other, whichever side it is on", () => {
  const said = "churn is better by 0.2, and passed the best of older with training job 3 of 5.";
  expect(verdict(tuning(), worse())).toBe(said);
  expect(verdict(worse(), tuning())).toBe(said);
  expect(verdict(tuning(), tuning())).toBe("Both have found 0.2.");
});

test("larger is better where the objective is maximized", () => {
  const objective = { metric: "auc", type: "Maximize" as const };
  expect(verdict(tuning({ objective }), tuningOf("older", [0.1, 0.3, 0.2, null, null], { objective }))).toBe(
    "churn is better by 0.2, and passed the best of older with training job 1 of 5.",
  );
});

test("no verdict without a result, or across directions", () => {
  expect(verdict(tuning(), tuningOf("older", [null, null, null, null, null]))).toBeNull();
  const other = tuningOf("older", [0.9, 0.8, 0.7, null, null], { objective: { metric: "auc", type: "Maximize" } });
  expect(verdict(tuning(), other)).toBeNull();
  expect(caution(tuning(), other)).toBe(
    "churn is to minimize loss, older to maximize auc: their objectives cannot be compared.",
  );
});

test("other names of the objective are shown; the same objective needs no words", () => {
  expect(caution(tuning(), tuning({ objective: { metric: "val_loss", type: "Minimize" } }))).toContain("loss and val_loss");
  expect(caution(tuning(), worse())).toBeNull();
});

test.each([
  [{ name: "lr", kind: "continuous" as const, scale: "log" as const, min: 0.001, max: 1 }, "0.001 to 1, logarithmic"],
  [{ name: "depth", kind: "integer" as const, scale: "linear" as const, min: 2, max: 12 }, "2 to 12"],
  [{ name: "booster", kind: "categorical" as const, values: ["gbtree", "dart"] }, "of gbtree, dart"],
  [{ name: "auto", kind: "continuous" as const, scale: "linear" as const, min: null, max: null }, "range chosen by SageMaker"],
  [undefined, "not searched"],
])("the range of %o", (parameter, words) => expect(rangeOf(parameter)).toBe(words));

interface Series {
  type: string;
  data: { value: number[]; side: number }[] | [number, number][];
}

test("one chart has the points and the best so far of both, on an axis that holds all of them", () => {
  const option = objectiveChart(tuning(), PALETTES.light, false, worse()) as unknown as {
    series: Series[];
    yAxis: { min: number; max: number };
    xAxis: { max: number };
  };
  const [points, line, rings, dashed] = option.series as [Series, Series, Series, Series];
  expect([points, line, rings, dashed].map((one) => one.type)).toEqual(["scatter", "line", "scatter", "line"]);
  expect((points.data as { value: number[] }[]).map(({ value }) => value)).toEqual([[1, 0.5], [3, 0.2], [4, 0.3]]);
  expect(line.data).toEqual([[1, 0.5], [3, 0.2], [4, 0.2], [5, 0.2]]);
  expect((rings.data as { value: number[] }[]).map(({ value }) => value)).toEqual([[1, 0.6], [3, 0.45], [4, 0.4]]);
  expect(dashed.data).toEqual([[1, 0.6], [3, 0.45], [4, 0.4], [5, 0.4]]);
  expect(option.yAxis.min).toBeLessThan(0.2);
  expect(option.yAxis.max).toBeGreaterThan(0.6);
  expect(option.xAxis.max).toBeGreaterThan(8);
});

test("alone, the chart has its own points and line only", () => {
  expect((objectiveChart(tuning(), PALETTES.dark, false)["series"] as Series[]).length).toBe(2);
});

test.each([
  [5, 500, false, 12],
  [13, 500, false, 24],
  [400, 500, false, 500],
  [5, 8, false, 8],
  [30, null, false, 48],
  [30, 500, true, 30],
  [1, 8, true, 4],
])("the chart of %i training jobs of %s, ended %s, has room for %i", (count, limit, ended, room) => {
  const one = tuning({ ended, max_training_jobs: limit });
  expect(horizon({ ...one, trainingJobs: Array.from({ length: count }, () => one.trainingJobs[0]!) })).toBe(room);
});
