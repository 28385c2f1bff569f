import { expect, test } from "vitest";

import { PALETTES } from "../src/charts/palette";
import { stepOf, timelineChart } from "../src/charts/timeline";
import { barsOf, parallelism, spentOn } from "../src/timeline";
import { tuning, tuningOf } from "./tuning";

test("training jobs follow each other in slots; one that runs lasts until now", () => {
  const bars = barsOf(tuning(), 1260);
  expect(bars.map(({ trainingJob, slot, created, ended }) => [trainingJob.number, slot, created, ended])).toEqual([
    [1, 0, 1000, 1100], [2, 1, 1000, 1010], [3, 0, 1100, 1200], [4, 1, 1100, 1200], [5, 0, 1200, 1260],
  ]);
});

test("waiting is what comes before training; unknown times are no time", () => {
  const one = tuning();
  one.trainingJobs[0] = { ...one.trainingJobs[0]!, started: 1040 };
  one.trainingJobs[4] = { ...one.trainingJobs[4]!, started: null };
  const bars = barsOf(one, 1260);
  expect([bars[0]!.started, bars[4]!.started]).toEqual([1040, 1260]);
  expect(parallelism(bars)).toEqual({ average: (60 + 10 + 100 + 100) / 260, waiting: 100 / 370 });
  const ended = barsOf({ ...one, job: { ...one.job, ended: true } }, 9999);
  expect(ended[4]!.ended).toBe(1200);
});

test("what the training time went into", () => {
  const bars = barsOf(tuning(), 1200);
  expect(spentOn(bars)).toEqual([
    { status: "Completed", seconds: 300, share: 300 / 310 },
    { status: "Failed", seconds: 10, share: 10 / 310 },
  ]);
});

test("its tooltip holds no markup of a training job's", () => {
  const evil = tuningOf("churn", [1, 2, 3, 4, 5], { objective: { metric: "<img src=x>", type: "Minimize" } });
  const chart = timelineChart(evil, barsOf(evil, 1300), PALETTES.light) as { tooltip: { formatter: (point: object) => string } };
  expect(chart.tooltip.formatter({ dataIndex: 0 })).toContain("&#60;img");
});

test.each([[4, 1], [73, 10], [4400, 600], [100_000, 14_400], [9e6, 1_209_600]])("%s seconds are labelled every %s", (seconds, step) => {
  expect(stepOf(seconds)).toBe(step);
});
