/** Learning curves: of all training jobs, the best in colour; and of one metric of one training job. */

import type { EChartsCoreOption } from "echarts/core";

import type { Across, Point, TrainingJobCurve } from "../curves";
import { duration, number } from "../format";
import { readableRange } from "../metrics";
import type { TrainingJobRow, Tuning } from "../model";
import { tip } from "./objective";
import { axis, base, tooltip } from "./options";
import type { Palette } from "./palette";

function xAxis(palette: Palette, across: Across, last: number): object {
  return axis(palette, {
    type: "value",
    min: 0,
    max: last,
    ...(across === "values" ? { minInterval: 1 } : {}),
    name: across === "values" ? "reported value" : "since training began",
    nameLocation: "middle",
    nameGap: 24,
    splitLine: { show: false },
    axisLabel: {
      color: palette.muted,
      fontSize: 11,
      hideOverlap: true,
      showMinLabel: across === "seconds",
      showMaxLabel: across === "values",
      formatter: (value: number) => (across === "values" ? String(value) : duration(value)),
    },
  });
}

const yAxis = (palette: Palette, range: { min: number; max: number } | null): object =>
  axis(palette, {
    type: "value",
    scale: true,
    ...(range ? { min: range.min, max: range.max } : {}),
    axisLabel: { color: palette.muted, fontSize: 11, formatter: (v: number) => number(v), showMinLabel: !range, showMaxLabel: !range },
  });

export const wasStopped = ({ status }: TrainingJobRow): boolean => status === "Stopped" || status === "Stopping";

/** One series for each kind of curve: a thousand series would be slow. A gap parts one curve from the next. */
export function curvesChart(tuning: Tuning, curves: TrainingJobCurve[], across: Across, palette: Palette): EChartsCoreOption {
  const range = readableRange(curves.flatMap(({ points }) => points.map(([, value]) => value)), tuning.minimize);
  const shown = (value: number): number => (range ? Math.min(Math.max(value, range.min), range.max) : value);
  const isBest = ({ trainingJob }: TrainingJobCurve): boolean => trainingJob.name === tuning.job.best;
  const others = curves.filter((one) => !isBest(one));
  const many = curves.length > 100;
  const lines = (name: string, of: TrainingJobCurve[], style: object, z: number): object => ({
    name,
    type: "line",
    showSymbol: false,
    silent: true,
    connectNulls: false,
    z,
    lineStyle: style,
    data: of.flatMap(({ points }) => [...points.map(([x, y]) => [x, shown(y)]), [points.at(-1)?.[0] ?? 0, null]]),
  });
  return {
    ...base(palette),
    grid: { left: 8, right: 20, top: 12, bottom: 26, containLabel: true },
    tooltip: tooltip(palette, {
      formatter: ({ data }: { data: { trainingJob?: number } }) => {
        const trainingJob = tuning.trainingJobs[(data?.trainingJob ?? 0) - 1];
        return trainingJob ? tip(tuning, trainingJob) : "";
      },
    }),
    xAxis: xAxis(palette, across, Math.max(...curves.map(({ points }) => points.at(-1)?.[0] ?? 0), 1)),
    yAxis: yAxis(palette, range),
    series: [
      lines("completed", others.filter(({ trainingJob }) => !wasStopped(trainingJob)), { color: palette.faint, width: 1, opacity: many ? 0.35 : 0.7 }, 2),
      lines("stopped", others.filter(({ trainingJob }) => wasStopped(trainingJob)), { color: palette.quiet, width: 1, opacity: many ? 0.5 : 0.9 }, 3),
      lines("best", curves.filter(isBest), { color: palette.accent, width: 2.5 }, 5),
      {
        name: "ends",
        type: "scatter",
        z: 6,
        clip: false,
        data: curves.flatMap((one) => {
          const end = one.points.at(-1);
          if (!end) return [];
          const stopped = wasStopped(one.trainingJob);
          return {
            value: [end[0], shown(end[1])],
            name: one.trainingJob.name,
            trainingJob: one.trainingJob.number,
            symbol: stopped ? "rect" : "circle",
            symbolSize: isBest(one) ? 10 : stopped ? 7 : 5,
            itemStyle: {
              color: isBest(one) ? palette.accent : one.trainingJob.status === "Failed" ? palette.failed : stopped ? palette.surface : palette.faint,
              borderColor: stopped ? palette.muted : palette.surface,
              borderWidth: stopped ? 1.5 : isBest(one) ? 2 : 0,
            },
          };
        }),
      },
    ],
  };
}

/** One metric of one training job. */
export function metricCurve(points: Point[], across: Across, palette: Palette): EChartsCoreOption {
  return {
    ...base(palette),
    grid: { left: 4, right: 14, top: 8, bottom: 26, containLabel: true },
    tooltip: tooltip(palette, {
      trigger: "axis",
      formatter: ([point]: { value: Point }[]) => (point ? `${across === "values" ? point.value[0] : duration(point.value[0])}: <b>${number(point.value[1])}</b>` : ""),
    }),
    xAxis: xAxis(palette, across, Math.max(points.at(-1)?.[0] ?? 0, 1)),
    yAxis: yAxis(palette, null),
    series: [
      {
        type: "line",
        showSymbol: points.length < 20,
        symbolSize: 5,
        lineStyle: { color: palette.accent, width: 2 },
        itemStyle: { color: palette.accent },
        data: points,
      },
    ],
  };
}
