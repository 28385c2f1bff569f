import { expect, test } from "vitest";

import { objectiveChart } from "../src/charts/objective";
import { PALETTES } from "../src/charts/palette";
import { importanceChart, parallelChart, scatterChart } from "../src/charts/parameters";
import { fromAnswer } from "../src/model";
import { answer, tuning } from "./tuning";

const leftOf = (name: string): number => {
  const one = tuning();
  one.parameters[0] = { ...one.parameters[0]!, name };
  return (parallelChart(one, PALETTES.light)["parallel"] as { left: number }).left;
};

test("the first axis leaves room for half of its name, which stands in its middle", () => {
  expect(leftOf("lr")).toBe(40);
  // 18 letters of 12 pixels are up to 126 pixels wide
  expect(leftOf("learning_rate_of_the_optimizer")).toBeGreaterThanOrEqual(63);
});

test("no name or value of a training job is markup in a tooltip, of a comparison neither", () => {
  const evil = `<img src=x onerror="alert('1')">&`;
  const base = answer({ name: evil, objective: { metric: evil, type: "Minimize" } });
  const one = fromAnswer({
    ...base,
    parameters: [{ name: evil, kind: "categorical", values: [evil] }],
    training_jobs: {
      ...base.training_jobs,
      name: base.training_jobs.name.map(() => evil),
      values: { [evil]: base.training_jobs.name.map(() => evil) },
    },
  });
  const palette = PALETTES.light;
  const importance = { parameters: [{ name: evil, share: 1, spread: 0 }] } as unknown as Parameters<typeof importanceChart>[0];
  const charts: [object, object][] = [
    [objectiveChart(one, palette, false, tuning()), { data: { trainingJob: 1, side: 0 } }],
    [objectiveChart(tuning(), palette, false, one), { data: { trainingJob: 1, side: 1 } }],
    [scatterChart(one, one.parameters[0]!, palette, false), { data: { trainingJob: 1 } }],
    [parallelChart(one, palette), { data: { trainingJob: 1 } }],
    [importanceChart(importance, palette), { dataIndex: 0 }],
  ];
  for (const [chart, point] of charts) {
    const { formatter } = (chart as { tooltip: { formatter: (point: object) => string } }).tooltip;
    const html = formatter(point);
    expect(html).toContain("&#60;img");
    expect(html.replaceAll(/<\/?(?:div|span|b)(?: class="tip(?:-head)?")?>/g, "")).not.toMatch(/[<>"']/);
  }
});
