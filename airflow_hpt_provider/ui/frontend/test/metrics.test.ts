import { expect, test } from "vitest";

import { bestOf, bestSoFar, billableSeconds, failureGroups, readableRange, secondsLeft } from "../src/metrics";
import { tuning } from "./tuning";

const maximize = { objective: { metric: "auc", type: "Maximize" as const } };

test("the best is the smallest or the largest, as the objective says", () => {
  expect(bestOf(tuning())?.number).toBe(3);
  expect(bestOf(tuning(maximize))?.number).toBe(1);
});

test("the best so far never gets worse, and knows no training job without a metric", () => {
  expect(bestSoFar(tuning())).toEqual([[1, 0.5], [3, 0.2], [4, 0.2]]);
  expect(bestSoFar(tuning(maximize))).toEqual([[1, 0.5], [3, 0.5], [4, 0.5]]);
});

test("all instances of a training job are billed, running ones until now", () => {
  expect(billableSeconds(tuning(), 1250)).toBe(2 * (100 + 10 + 100 + 100 + 50));
});

test("the time left is the rest of the work over the slots", () => {
  // typical: (100 + 10 + 100 + 100) / 4 = 77.5; one runs for 50 s, three are to come
  expect(secondsLeft(tuning(), 1250)).toBeCloseTo((77.5 - 50 + 3 * 77.5) / 2);
});

test("a time limit bounds the estimate; no limit, no estimate; an ended job has none", () => {
  expect(secondsLeft(tuning({ max_seconds: 300 }), 1250)).toBe(50);
  expect(secondsLeft(tuning({ max_training_jobs: null }), 1250)).toBeNull();
  expect(secondsLeft(tuning({ ended: true }), 1250)).toBeNull();
});

test("failures are grouped by their headline, with what they share", () => {
  const { trainingJobs } = tuning();
  const failed = trainingJobs.map((trainingJob) => ({ ...trainingJob, status: "Failed", headline: trainingJob.number < 5 ? "boom" : null }));
  const groups = failureGroups(failed);
  expect(groups.map((group) => [group.headline, group.trainingJobs.length])).toEqual([["boom", 4], ["No reason given", 1]]);
  const darts = failureGroups(failed.filter((trainingJob) => trainingJob.values["booster"] === "dart" && trainingJob.number < 5));
  expect(darts[0]?.shared).toEqual([["booster", "dart"]]);
});

test("a few diverged training jobs do not squeeze the rest, and the best end is never cut", () => {
  const values = [...Array.from({ length: 40 }, (_, i) => 0.2 + i / 400), 50];
  expect(readableRange(values, true)).toMatchObject({ cut: true });
  expect(readableRange(values, true)?.max).toBeLessThan(2);
  expect(readableRange(values, false)?.max).toBeGreaterThan(50);
  expect(readableRange([], true)).toBeNull();
});
