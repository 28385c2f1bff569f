import { expect, test } from "vitest";

import { PALETTES } from "../src/charts/palette";
import { pairChart } from "../src/charts/pairs";
import { objectiveChart } from "../src/charts/objective";
import { ALL, axisId, chosen, described, isAll, OBJECTIVE_AXIS } from "../src/selection";
import type { Selection } from "../src/selection";
import { tuning } from "./tuning";

const numbers = (change: Partial<Selection>): number[] | null => {
  const found = chosen(tuning(), { ...ALL, ...change });
  return found && [...found];
};

test("without a zoom or a mark all are chosen", () => {
  expect(numbers({})).toBeNull();
  expect(numbers({ brushed: { [axisId("lr")]: [] } })).toBeNull();
  expect(isAll({ zoom: null, brushed: { [axisId("lr")]: [[0, 1]] } })).toBe(false);
});

test("zoom and marks add up; marks on one axis are alternatives", () => {
  expect(numbers({ zoom: [2, 4] })).toEqual([2, 3, 4]);
  expect(numbers({ brushed: { [axisId("lr")]: [[0.01, 0.02], [0.5, 1]] } })).toEqual([2, 3, 4]);
  expect(numbers({ zoom: [3, 5], brushed: { [axisId("lr")]: [[0.01, 0.02], [0.5, 1]] } })).toEqual([3, 4]);
});

test("categories are marked by their place, and the objective has an axis of its own", () => {
  expect(numbers({ brushed: { [axisId("booster")]: [[0.6, 1.2]] } })).toEqual([2, 3, 5]);
  expect(numbers({ brushed: { [OBJECTIVE_AXIS]: [[0.1, 0.35]] } })).toEqual([3, 4]);
});

test("what is chosen is said", () => {
  const brushed = { [axisId("lr")]: [[0.0101, 0.5]] as [number, number][], [axisId("booster")]: [[0.6, 1.2]] as [number, number][] };
  expect(described(tuning(), { zoom: [2, 4], brushed }, 2)).toBe("2 of 5 training jobs: #2 to #4, lr 0.0101 to 0.5, booster dart");
});

test("those that are not chosen fade; the zoom gives the objective the room", () => {
  const palette = PALETTES.light;
  const only = new Set([3]);
  type Point = { trainingJob: number; itemStyle: { opacity: number } };
  const points = (chart: object): Point[] => (chart as { series: { data: Point[] }[] }).series[0]!.data;
  for (const chart of [
    objectiveChart(tuning(), palette, false, undefined, { chosen: only, zoom: null }),
    pairChart(tuning(), tuning().parameters[0]!, tuning().parameters[1]!, palette, only),
  ])
    for (const { trainingJob, itemStyle } of points(chart)) expect(itemStyle.opacity < 0.2).toBe(trainingJob !== 3);
  const zoomed = objectiveChart(tuning(), palette, false, undefined, { chosen: null, zoom: [3, 4] }) as { yAxis: { max: number } };
  expect(zoomed.yAxis.max).toBeLessThan(0.4);
});

test("no name or value is markup in the tooltip of a pair", () => {
  const evil = tuning();
  evil.trainingJobs[0] = { ...evil.trainingJobs[0]!, values: { lr: 0.1, booster: "<img src=x>" } };
  const chart = pairChart(evil, evil.parameters[0]!, evil.parameters[1]!, PALETTES.light) as { tooltip: { formatter: (point: object) => string } };
  expect(chart.tooltip.formatter({ data: { trainingJob: 1 } })).toContain("&#60;img");
});
