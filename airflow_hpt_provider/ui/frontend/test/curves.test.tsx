/** Learning curves: which are drawn, how, and what is said when there are none. */

import { render } from "preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { act } from "preact/test-utils";

import { curvesChart, metricCurve } from "../src/charts/curves";
import { PALETTES } from "../src/charts/palette";
import { curvesOf, pointsOf } from "../src/curves";
import { Curves, MetricCurves } from "../src/parts/Curves";
import { tuning } from "./tuning";

const task = { dag_id: "d", run_id: "r", task_id: "t", map_index: -1 };
const palette = PALETTES.light;
const curves = {
  name: ["churn-001-a", "churn-003-c", "churn-004-d"],
  numbers: [[1, 2, 7], [1, 2], [1]],
  seconds: [[10, 20, 30], [12, 24], [5]],
  values: [[0.9, 0.6, 0.5], [0.4, 0.2], [0.3]],
};
let root: HTMLElement;

beforeEach(() => {
  root = document.body.appendChild(document.createElement("div"));
  vi.stubGlobal("IntersectionObserver", class {
    constructor(readonly tell: (entries: { isIntersecting: boolean }[]) => void) {}
    observe(element: Element): void {
      if (element.tagName === "SECTION") this.tell([{ isIntersecting: true }]);
    }
    disconnect(): void {}
  });
});
afterEach(() => {
  render(null, root);
  root.remove();
  vi.unstubAllGlobals();
});

test("points by their order, or over time; only of those chosen", () => {
  expect(pointsOf(curves, 0, "values")).toEqual([[1, 0.9], [2, 0.6], [7, 0.5]]);
  expect(pointsOf(curves, 1, "seconds")).toEqual([[12, 0.4], [24, 0.2]]);
  expect(curvesOf(tuning(), curves, "values", null).map(({ trainingJob }) => trainingJob.number)).toEqual([1, 3, 4]);
  expect(curvesOf(tuning(), curves, "values", new Set([2, 3])).map(({ trainingJob }) => trainingJob.number)).toEqual([3]);
});

test("the best in colour, those stopped marked, with a gap between two curves", () => {
  const one = tuning();
  one.trainingJobs[3] = { ...one.trainingJobs[3]!, status: "Stopped" };
  const chart = curvesChart(one, curvesOf(one, curves, "values", null), "values", palette) as {
    series: { name: string; lineStyle?: { color: string }; data: unknown[] }[];
    tooltip: { formatter: (point: object) => string };
  };
  const of = (name: string) => chart.series.find((series) => series.name === name)!;
  expect(of("best").lineStyle?.color).toBe(palette.accent);
  expect(of("best").data).toEqual([[1, 0.4], [2, 0.2], [2, null]]);
  expect(of("stopped").data).toEqual([[1, 0.3], [1, null]]);
  expect(of("ends").data).toMatchObject([{ trainingJob: 1, symbol: "circle" }, { trainingJob: 3 }, { trainingJob: 4, symbol: "rect" }]);
  expect(chart.tooltip.formatter({ data: { trainingJob: 3 } })).toContain("003-c");
});

test("a tooltip of one metric holds numbers alone", () => {
  const chart = metricCurve([[1, 0.5]], "seconds", palette) as { tooltip: { formatter: (points: object[]) => string } };
  expect(chart.tooltip.formatter([{ value: [90, 0.25] }])).toBe("1 min 30 s: <b>0.25</b>");
});

const none = (body: object, status = 200): void =>
  void vi.stubGlobal("fetch", () => Promise.resolve(new Response(JSON.stringify(body), { status })));

test("without values the page says so, for all and for one", async () => {
  none({ curves: { name: [], numbers: [], seconds: [], values: [] } });
  act(() => render(<Curves tuning={tuning()} task={task} palette={palette} chosen={null} onOpen={() => undefined} />, root));
  await vi.waitFor(() => expect(root.textContent).toContain("No learning curves: CloudWatch has no values of loss for these training jobs yet."));
  act(() => render(<MetricCurves task={task} name="churn-001-a" running={false} />, root));
  await vi.waitFor(() => expect(root.textContent).toContain("CloudWatch has no values of this training job's metrics."));
});

test("one value each is no curve", async () => {
  none({ curves: { name: ["churn-001-a"], numbers: [[1]], seconds: [[5]], values: [[0.5]] } });
  act(() => render(<Curves tuning={tuning()} task={task} palette={palette} chosen={null} onOpen={() => undefined} />, root));
  await vi.waitFor(() => expect(root.textContent).toContain("No learning curves: No training job has reported loss more than once yet."));
  none({ curves: { name: ["loss"], numbers: [[1]], seconds: [[5]], values: [[0.5]] } });
  act(() => render(<MetricCurves task={task} name="churn-001-a" running={false} />, root));
  await vi.waitFor(() => expect(root.querySelector("figure")?.textContent).toBe("loss0.5Reported once."));
});

test("what cannot be read is said with its remedy", async () => {
  none({ kind: "access_denied", title: "AWS does not allow it", detail: "", remedy: "Allow cloudwatch:GetMetricData" }, 502);
  act(() => render(<Curves tuning={tuning()} task={task} palette={palette} chosen={null} onOpen={() => undefined} />, root));
  await vi.waitFor(() => expect(root.querySelector("[role=alert]")?.textContent).toContain("Allow cloudwatch:GetMetricData"));
});
