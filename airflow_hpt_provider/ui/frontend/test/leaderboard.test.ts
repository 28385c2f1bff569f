import { expect, test } from "vitest";

import { bestFirst, sorted } from "../src/leaderboard";
import { tuning } from "./tuning";

const numbers = (trials: { number: number }[]): number[] => trials.map((trial) => trial.number);

test("the best come first, and those without a metric last, in both directions", () => {
  const { trials } = tuning();
  expect(numbers(sorted(trials, bestFirst(tuning())))).toEqual([3, 4, 1, 2, 5]);
  expect(numbers(sorted(trials, { column: "metric", descending: true }))).toEqual([1, 4, 3, 2, 5]);
});

test("hyperparameters sort as numbers or words", () => {
  const { trials } = tuning();
  expect(numbers(sorted(trials, { column: "values.lr", descending: false }))).toEqual([3, 4, 5, 1, 2]);
  expect(numbers(sorted(trials, { column: "values.booster", descending: true }))).toEqual([1, 4, 2, 3, 5]);
});
