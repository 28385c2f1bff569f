/** Hyperparameters: each against the objective, all in parallel coordinates, and how much each matters. */

import type { EChartsCoreOption } from "echarts/core";

import { number } from "../format";
import { readableRange } from "../metrics";
import type { Parameter, TrainingJobRow, Tuning } from "../model";
import { axisId, OBJECTIVE_AXIS } from "../selection";
import { FADED, reported, tip } from "./objective";
import { axis, base, lines, place, scale, tooltip } from "./options";
import type { Palette } from "./palette";

/** One hyperparameter on its own scale, the objective above it. */
export function scatterChart(
  tuning: Tuning,
  parameter: Parameter,
  palette: Palette,
  log: boolean,
  chosen: Set<number> | null = null,
): EChartsCoreOption {
  const trainingJobs = reported(tuning);
  const range = log ? null : readableRange(trainingJobs.map((t) => t.metric as number), tuning.minimize);
  return {
    ...base(palette),
    grid: { left: 4, right: 12, top: 8, bottom: 4, containLabel: true },
    tooltip: tooltip(palette, {
      formatter: (point: { data: { trainingJob: number } }) => tip(tuning, tuning.trainingJobs[point.data.trainingJob - 1] as TrainingJobRow),
    }),
    xAxis: scale(palette, parameter, { splitLine: { show: false }, splitNumber: 3, jitter: 26, jitterOverlap: true }),
    yAxis: axis(palette, {
      type: log ? "log" : "value",
      scale: true,
      splitNumber: 3,
      ...(range ? { min: range.min, max: range.max } : {}),
      axisLabel: {
        color: palette.muted,
        fontSize: 11,
        formatter: (v: number) => number(v),
        showMinLabel: !range,
        showMaxLabel: !range,
      },
    }),
    series: [
      {
        type: "scatter",
        clip: false,
        symbolSize: trainingJobs.length > 300 ? 4 : 6,
        data: trainingJobs.flatMap((trainingJob) => {
          const x = place(parameter, trainingJob.values[parameter.name] ?? null);
          if (x === null) return [];
          const metric = trainingJob.metric as number;
          const best = trainingJob.name === tuning.job.best;
          return {
            value: [x, range ? Math.min(Math.max(metric, range.min), range.max) : metric],
            name: trainingJob.name,
            trainingJob: trainingJob.number,
            symbolSize: best ? 11 : undefined,
            itemStyle: {
              color: best ? palette.accent : palette.faint,
              opacity: chosen && !chosen.has(trainingJob.number) ? FADED : best ? 1 : 0.75,
              borderColor: palette.surface,
              borderWidth: best ? 2 : 0,
            },
          };
        }),
      },
    ],
  };
}

/** How good a training job is among those that reported: from 0, the worst, to 1, the best. */
export function goodness(tuning: Tuning): (trainingJob: TrainingJobRow) => number {
  const metrics = reported(tuning).map((t) => t.metric as number).sort((a, b) => a - b);
  const rank = new Map(metrics.map((metric, i) => [metric, metrics.length < 2 ? 1 : i / (metrics.length - 1)]));
  return (trainingJob) => {
    const share = rank.get(trainingJob.metric as number) ?? 0;
    return tuning.minimize ? 1 - share : share;
  };
}

/** A line per training job through all hyperparameters to the objective; the better, the stronger its colour. */
export function parallelChart(tuning: Tuning, palette: Palette, zoomed: (trainingJob: TrainingJobRow) => boolean = () => true): EChartsCoreOption {
  const trainingJobs = reported(tuning);
  const metrics = trainingJobs.map((t) => t.metric as number).sort((a, b) => a - b);
  const good = goodness(tuning);
  const range = readableRange(metrics, tuning.minimize);
  const name = (text: string): string => (text.length > 18 ? `${text.slice(0, 17)}…` : text);
  const look = {
    nameTextStyle: { color: palette.text, fontSize: 12, padding: [0, 0, 4, 0] },
    areaSelectStyle: { width: 14, color: palette.accent, borderColor: palette.accent, borderWidth: 1, opacity: 0.18 },
    axisLine: { show: true, lineStyle: { color: palette.line, width: 1.5 } },
    splitLine: { show: false },
  };
  return {
    ...base(palette),
    tooltip: tooltip(palette, {
      trigger: "item",
      formatter: (line: { data: { trainingJob: number } }) => tip(tuning, tuning.trainingJobs[line.data.trainingJob - 1] as TrainingJobRow),
    }),
    // names are centred on their axes: half of the first one lies left of it
    parallel: { left: Math.max(40, 4 + 3.5 * name(tuning.parameters[0]?.name ?? "").length), right: 72, top: 36, bottom: 16 },
    parallelAxis: [
      ...tuning.parameters.map((parameter, dim) => ({
        id: axisId(parameter.name), // the marks on the axis outlive a refresh
        dim,
        name: name(parameter.name),
        nameLocation: "end",
        ...readable(scale(palette, parameter, look), palette),
      })),
      {
        id: OBJECTIVE_AXIS,
        dim: tuning.parameters.length,
        name: name(tuning.job.objective?.metric ?? "objective"),
        nameLocation: "end",
        ...axis(palette, { type: "value", scale: true, ...look, ...(range ? { min: range.min, max: range.max } : {}) }),
        axisLabel: {
          color: palette.muted,
          fontSize: 11,
          textBorderColor: palette.surface,
          textBorderWidth: 3,
          formatter: (v: number) => number(v),
          showMinLabel: !range,
          showMaxLabel: !range,
        },
      },
    ],
    visualMap: { show: false, min: 0, max: 1, dimension: tuning.parameters.length + 1, inRange: { color: palette.ramp } },
    series: [
      {
        type: "parallel",
        id: "training jobs",
        smooth: 0.08,
        inactiveOpacity: 0.04,
        lineStyle: { width: 1, opacity: trainingJobs.length > 200 ? 0.35 : 0.6 },
        emphasis: { lineStyle: { width: 2.5, opacity: 1 } },
        progressive: 0,
        // the best are drawn last, above the rest
        data: [...trainingJobs]
          .sort((a, b) => good(a) - good(b))
          .map((trainingJob) => ({
            trainingJob: trainingJob.number,
            name: trainingJob.name,
            value: [
              ...tuning.parameters.map((p) => place(p, trainingJob.values[p.name] ?? null) ?? "-"),
              range ? Math.min(Math.max(trainingJob.metric as number, range.min), range.max) : trainingJob.metric,
              good(trainingJob),
            ],
            ...(!zoomed(trainingJob) ? { lineStyle: { opacity: 0.04 } } : trainingJob.name === tuning.job.best ? { lineStyle: { width: 2.5, opacity: 1 } } : {}),
          })),
      },
    ],
  };
}

/** An axis whose labels are read above the lines that cross them. */
function readable(axis: { axisLabel?: object }, { surface }: Palette): object {
  return { ...axis, z: 5, axisLabel: { ...axis.axisLabel, textBorderColor: surface, textBorderWidth: 3 } };
}

export interface Importance {
  parameters: { name: string; share: number; spread: number }[];
  training_jobs: number;
  score: number;
}

/** Bars, the most important on top. */
export function importanceChart(importance: Importance, palette: Palette): EChartsCoreOption {
  const ordered = [...importance.parameters].reverse();
  return {
    ...base(palette),
    grid: { left: 4, right: 48, top: 4, bottom: 4, containLabel: true },
    tooltip: tooltip(palette, {
      formatter: (bar: { dataIndex: number }) => {
        const one = ordered[bar.dataIndex];
        return one ? lines(one.name, [["share", percent(one.share)], ["± between shuffles", percent(one.spread)]]) : "";
      },
    }),
    xAxis: axis(palette, { type: "value", show: false, max: Math.max(...ordered.map((one) => one.share), 0.01) }),
    yAxis: axis(palette, {
      type: "category",
      data: ordered.map((one) => one.name),
      axisLabel: { color: palette.text, fontSize: 12, width: 150, overflow: "truncate" },
    }),
    series: [
      {
        type: "bar",
        barMaxWidth: 14,
        itemStyle: { color: palette.accent, borderRadius: [0, 3, 3, 0] },
        label: {
          show: true,
          position: "right",
          color: palette.muted,
          fontSize: 11,
          formatter: ({ value }: { value: number }) => percent(value),
        },
        data: ordered.map((one) => one.share),
      },
    ],
  };
}

export const percent = (share: number): string => `${Math.round(share * 100)} %`;
