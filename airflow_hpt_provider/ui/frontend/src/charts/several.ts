/** Courses of several tuning jobs, and the final metric of each run of a task. */

import type { EChartsCoreOption } from "echarts/core";

import { duration, number, time } from "../format";
import type { ListedJob, Tuning } from "../model";
import { course } from "../several";
import type { Against } from "../several";
import { axis, base, lines, tooltip } from "./options";
import type { Palette } from "./palette";

const DASHES = ["solid", "dashed", "dotted"];

/** The page's own tuning job is the first, in colour; the number at the end of a line is that of its column in the table. */
export function courseChart(tunings: Tuning[], against: Against, palette: Palette): EChartsCoreOption {
  const courses = tunings.map((one) => course(one, against));
  return {
    ...base(palette),
    grid: { left: 8, right: 28, top: 12, bottom: 26, containLabel: true },
    tooltip: tooltip(palette, {
      formatter: ({ seriesIndex, value }: { seriesIndex: number; value: [number, number] }) =>
        lines(tunings[seriesIndex]?.job.name ?? "", [
          [against === "jobs" ? "training jobs" : "billable time", against === "jobs" ? String(value[0]) : duration(value[0])],
          ["best so far", number(value[1])],
        ]),
    }),
    xAxis: axis(palette, {
      type: "value",
      min: 0,
      name: against === "jobs" ? "training jobs" : "billable time",
      nameLocation: "middle",
      nameGap: 24,
      splitLine: { show: false },
      axisLabel: { color: palette.muted, fontSize: 11, hideOverlap: true, formatter: (value: number) => (against === "jobs" ? String(value) : duration(value)) },
    }),
    yAxis: axis(palette, { type: "value", scale: true }),
    series: courses.map((data, i) => ({
      type: "line",
      step: "end",
      symbol: "circle",
      symbolSize: 5,
      showSymbol: data.length < 2,
      triggerLineEvent: true,
      z: i === 0 ? 5 : 2,
      lineStyle: { color: i === 0 ? palette.accent : palette.muted, width: i === 0 ? 2.5 : 1.5, type: i === 0 ? "solid" : DASHES[(i - 1) % DASHES.length] },
      itemStyle: { color: i === 0 ? palette.accent : palette.muted },
      endLabel: { show: true, formatter: String(i + 1), color: i === 0 ? palette.accent : palette.muted, fontSize: 11 },
      labelLayout: { moveOverlap: "shiftY" },
      data,
    })),
  };
}

/** The final metric of every run, the oldest first. */
export function historyChart(rows: ListedJob[], own: string, palette: Palette): EChartsCoreOption {
  const known = rows.filter(({ final_metric }) => final_metric !== null).reverse();
  return {
    ...base(palette),
    grid: { left: 8, right: 20, top: 12, bottom: 8, containLabel: true },
    tooltip: tooltip(palette, {
      formatter: ({ dataIndex }: { dataIndex: number }) => {
        const row = known[dataIndex];
        return row ? lines(row.run_id, [["tuning job", row.name], ["final metric", number(row.final_metric)], ["started", time(row.created_at ?? row.announced)]]) : "";
      },
    }),
    xAxis: axis(palette, {
      type: "category",
      data: known.map((row) => time(row.created_at ?? row.announced)),
      splitLine: { show: false },
      axisLabel: { color: palette.muted, fontSize: 11, hideOverlap: true },
    }),
    yAxis: axis(palette, { type: "value", scale: true }),
    series: [
      {
        type: "line",
        symbol: "circle",
        lineStyle: { color: palette.faint, width: 1.5 },
        data: known.map((row) => ({
          value: row.final_metric,
          symbolSize: row.name === own ? 11 : 7,
          itemStyle: { color: row.name === own ? palette.accent : palette.faint, borderColor: palette.surface, borderWidth: row.name === own ? 2 : 0 },
        })),
      },
    ],
  };
}
