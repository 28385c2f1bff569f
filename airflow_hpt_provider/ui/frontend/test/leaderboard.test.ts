import { expect, test } from "vitest";

import { bestFirst, sorted } from "../src/leaderboard";
import { tuning } from "./tuning";

const numbers = (trainingJobs: { number: number }[]): number[] => trainingJobs.map((trainingJob) => trainingJob.number);

test("the best come first, and those without a metric last, in both directions", () => {
  const { trainingJobs } = tuning();
  expect(numbers(sorted(trainingJobs, bestFirst(tuning())))).toEqual([3, 4, 1, 2, 5]);
  expect(numbers(sorted(trainingJobs, { column: "metric", descending: true }))).toEqual([1, 4, 3, 2, 5]);
});

test("hyperparameters sort as numbers or words", () => {
  const { trainingJobs } = tuning();
  expect(numbers(sorted(trainingJobs, { column: "values.lr", descending: false }))).toEqual([3, 4, 5, 1, 2]);
  expect(numbers(sorted(trainingJobs, { column: "values.booster", descending: true }))).toEqual([1, 4, 2, 3, 5]);
});
