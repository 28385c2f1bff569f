/** The objective of each training job in the order of their creation, and the best so far. */

import type { EChartsCoreOption } from "echarts/core";

import { number, shortName, status } from "../format";
import { bestSoFar, readableRange } from "../metrics";
import type { TrainingJobRow, Tuning } from "../model";
import type { Range } from "../selection";
import { axis, base, lines, tooltip } from "./options";
import type { Palette } from "./palette";

const MIN_ZOOM = 10;
/** How visible those are that are not chosen. */
export const FADED = 0.15;

export function tip(tuning: Tuning, trainingJob: TrainingJobRow): string {
  const values = tuning.parameters.map((p): [string, string] => [p.name, number(trainingJob.values[p.name])]);
  return lines(`${trainingJob.number} · ${shortName(trainingJob.name, tuning.job.name)} · ${status(trainingJob.status)}`, [
    [tuning.job.objective?.metric ?? "objective", number(trainingJob.metric)],
    ...values.slice(0, 10),
  ]);
}

/** Whether a logarithmic axis can show the objective. */
export const canBeLog = (tuning: Tuning): boolean =>
  tuning.trainingJobs.some((t) => t.metric !== null) && tuning.trainingJobs.every((t) => t.metric === null || t.metric > 0);

export interface Chosen {
  /** The numbers of the training jobs chosen; null: all. */
  chosen: Set<number> | null;
  /** What the chart shows of them; null: all. */
  zoom: Range | null;
}

/** The training jobs as points and the best so far as a line; of the compared tuning job too, if any. */
export function objectiveChart(
  tuning: Tuning,
  palette: Palette,
  log: boolean,
  other?: Tuning,
  { chosen, zoom }: Chosen = { chosen: null, zoom: null },
): EChartsCoreOption {
  const sides = other ? [tuning, other] : [tuning];
  const shownOnly = (trainingJob: TrainingJobRow): boolean => !zoom || (trainingJob.number >= zoom[0] && trainingJob.number <= zoom[1]);
  const zoomed = sides.flatMap((one) => reported(one).filter(shownOnly).map((trainingJob) => trainingJob.metric as number));
  const known = zoomed.length ? zoomed : sides.flatMap((one) => reported(one).map((trainingJob) => trainingJob.metric as number));
  const hasZoom = !other && tuning.trainingJobs.length >= MIN_ZOOM;
  const range = log ? null : readableRange(known, tuning.minimize);
  const shown = (value: number): number =>
    range ? Math.min(Math.max(value, range.min), range.max) : value;
  const last = Math.max(...sides.map(horizon));
  return {
    ...base(palette),
    grid: { left: 8, right: 16, top: 12, bottom: hasZoom ? 62 : 26, containLabel: true },
    ...(hasZoom ? { dataZoom: [zoomSlider(palette, zoom, last + 0.5)] } : {}),
    tooltip: tooltip(palette, {
      formatter: ({ data }: { data: { trainingJob?: number; side?: number } }) => {
        const side = sides[data?.side ?? 0] as Tuning;
        const trainingJob = side.trainingJobs[(data?.trainingJob ?? 0) - 1];
        return trainingJob ? tip(side, trainingJob) : "";
      },
    }),
    xAxis: axis(palette, {
      type: "value",
      min: 0,
      max: last + 0.5,
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
    series: [...sides.entries()].flatMap(([side, one]) => {
      const mine = side === 0;
      const trainingJobs = reported(one);
      return [
        {
          name: `training jobs of ${one.job.name}`,
          type: "scatter",
          clip: false,
          z: mine ? 2 : 1,
          data: trainingJobs.filter(shownOnly).map((trainingJob) => {
            const value = shown(trainingJob.metric as number);
            const out = value !== trainingJob.metric;
            const best = mine && trainingJob.name === one.job.best;
            return {
              value: [trainingJob.number, value],
              name: trainingJob.name,
              trainingJob: trainingJob.number,
              side,
              symbol: out ? "triangle" : "circle",
              symbolRotate: out && value === range?.min ? 180 : 0,
              symbolSize: best ? 11 : trainingJobs.length > 300 ? 4 : 6,
              itemStyle: mine
                ? {
                    color: best ? palette.accent : palette.faint,
                    opacity: chosen && !chosen.has(trainingJob.number) ? FADED : trainingJobs.length > 300 && !best ? 0.7 : 1,
                    borderColor: palette.surface,
                    borderWidth: best ? 2 : 0,
                  }
                : { color: "transparent", borderColor: palette.muted, borderWidth: 1, opacity: 0.6 },
            };
          }),
        },
        {
          name: `best so far of ${one.job.name}`,
          type: "line",
          step: "end",
          showSymbol: false,
          silent: true,
          z: mine ? 4 : 3,
          lineStyle: mine ? { color: palette.accent, width: 2 } : { color: palette.muted, width: 1.5, type: "dashed" },
          data: steps(one).map(([x, y]) => [x, shown(y)]),
        },
      ];
    }),
  };
}

/** A slider below the chart; a chart with few training jobs needs none. */
function zoomSlider(palette: Palette, zoom: Range | null, end: number): object {
  return {
    id: "zoom",
    type: "slider",
    filterMode: "none",
    height: 12,
    bottom: 6,
    left: 48,
    right: 24,
    brushSelect: false,
    showDetail: false,
    showDataShadow: false,
    moveHandleSize: 0,
    handleSize: "160%",
    borderColor: "transparent",
    borderRadius: 6,
    backgroundColor: palette.line,
    fillerColor: palette.faint,
    handleStyle: { color: palette.surface, borderColor: palette.muted },
    startValue: zoom ? zoom[0] - 0.5 : 0,
    endValue: zoom ? zoom[1] + 0.5 : end,
  };
}

/** The training jobs that have reported their objective. */
export const reported = (tuning: Tuning): TrainingJobRow[] => tuning.trainingJobs.filter((trainingJob) => trainingJob.metric !== null);

/**
 * The last training job that the axis has room for. While more are to come it doubles now and then: it neither squeezes
 * the first of many into a corner nor moves with each new one.
 */
export function horizon({ job, trainingJobs }: Tuning): number {
  if (job.ended) return Math.max(trainingJobs.length, 4);
  let room = 12;
  while (room < trainingJobs.length) room *= 2;
  return Math.max(Math.min(room, job.max_training_jobs ?? room), trainingJobs.length, 4);
}

/** The best so far, up to the newest training job. */
function steps(tuning: Tuning): [number, number][] {
  const found = bestSoFar(tuning);
  const end = found.at(-1);
  return end ? [...found, [tuning.trainingJobs.length, end[1]]] : [];
}
