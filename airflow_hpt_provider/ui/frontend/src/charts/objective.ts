/** The objective of each training job in the order of their creation, and the best so far. */

import type { EChartsCoreOption } from "echarts/core";

import { number, shortName, status } from "../format";
import { bestSoFar, readableRange } from "../insights";
import type { Trial, Tuning } from "../model";
import { axis, base, lines, tooltip } from "./options";
import type { Palette } from "./palette";

export function tip(tuning: Tuning, trial: Trial): string {
  const values = tuning.parameters.map((p): [string, string] => [p.name, number(trial.values[p.name])]);
  return lines(`${trial.number} · ${shortName(trial.name, tuning.job.name)} · ${status(trial.status)}`, [
    [tuning.job.objective?.metric ?? "objective", number(trial.metric)],
    ...values.slice(0, 10),
  ]);
}

/** Whether a logarithmic axis can show the objective. */
export const canBeLog = (tuning: Tuning): boolean =>
  tuning.trials.some((t) => t.metric !== null) && tuning.trials.every((t) => t.metric === null || t.metric > 0);

export function objectiveChart(
  tuning: Tuning,
  palette: Palette,
  log: boolean,
  other?: Tuning,
): EChartsCoreOption {
  const reported = tuning.trials.filter((t) => t.metric !== null);
  const known = [...reported, ...(other?.trials ?? [])].flatMap((t) => (t.metric === null ? [] : [t.metric]));
  const range = log ? null : readableRange(known, tuning.minimize);
  const shown = (value: number): number =>
    range ? Math.min(Math.max(value, range.min), range.max) : value;
  const last = Math.max(tuning.trials.length, other?.trials.length ?? 0, tuning.job.ended ? 1 : (tuning.job.max_trials ?? 1));
  const steps = (one: Tuning): [number, number][] => {
    const found = bestSoFar(one);
    const end = found.at(-1);
    return end ? [...found, [one.trials.length, end[1]]] : [];
  };
  return {
    ...base(palette),
    grid: { left: 8, right: 16, top: 12, bottom: 26, containLabel: true },
    tooltip: tooltip(palette, {
      formatter: (point: { data: { trial?: number } }) => {
        const trial = tuning.trials[(point.data?.trial ?? 0) - 1];
        return trial ? tip(tuning, trial) : "";
      },
    }),
    xAxis: axis(palette, {
      type: "value",
      min: 0,
      max: Math.max(last, 4) + 0.5,
      minInterval: 1,
      name: "training job",
      nameLocation: "middle",
      nameGap: 24,
      splitLine: { show: false },
      axisLabel: {
        color: palette.muted,
        fontSize: 11,
        hideOverlap: true,
        showMaxLabel: false,
        showMinLabel: false,
        formatter: (value: number) => String(value),
      },
    }),
    yAxis: axis(palette, {
      type: log ? "log" : "value",
      scale: true,
      ...(range ? { min: range.min, max: range.max } : {}),
      axisLabel: {
        color: palette.muted,
        fontSize: 11,
        formatter: (value: number) => number(value),
        showMinLabel: !range,
        showMaxLabel: !range,
      },
    }),
    series: [
      {
        name: "training jobs",
        type: "scatter",
        clip: false,
        z: 2,
        data: reported.map((trial) => {
          const value = shown(trial.metric as number);
          const out = value !== trial.metric;
          const best = trial.name === tuning.job.best;
          return {
            value: [trial.number, value],
            name: trial.name,
            trial: trial.number,
            symbol: out ? "triangle" : "circle",
            symbolRotate: out && value === range?.min ? 180 : 0,
            symbolSize: best ? 11 : reported.length > 300 ? 4 : 6,
            itemStyle: {
              color: best ? palette.accent : palette.faint,
              opacity: reported.length > 300 && !best ? 0.7 : 1,
              borderColor: palette.surface,
              borderWidth: best ? 2 : 0,
            },
          };
        }),
      },
      ...(other
        ? [
            {
              name: other.job.name,
              type: "line",
              step: "end",
              showSymbol: false,
              silent: true,
              lineStyle: { color: palette.muted, width: 1.5, type: "dashed" },
              data: steps(other).map(([x, y]) => [x, shown(y)]),
            },
          ]
        : []),
      {
        name: "best so far",
        type: "line",
        step: "end",
        showSymbol: false,
        silent: true,
        z: 3,
        lineStyle: { color: palette.accent, width: 2 },
        data: steps(tuning).map(([x, y]) => [x, shown(y)]),
      },
    ],
  };
}
