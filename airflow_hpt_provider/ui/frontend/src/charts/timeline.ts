/** Training jobs over time: a bar each, in the row of its slot. */

import type { EChartsCoreOption } from "echarts/core";

import { duration, number, shortName, status } from "../format";
import type { Tuning } from "../model";
import type { Bar } from "../timeline";
import { FADED } from "./objective";
import { axis, base, lines, tooltip } from "./options";
import type { Palette } from "./palette";

const ROW = 22;

export const timelineHeight = (bars: Bar[]): number => Math.min(Math.max(...bars.map(({ slot }) => slot), 0) + 1, 40) * ROW + 46;

interface Drawing {
  value: (dimension: number) => number;
  coord: (point: [number, number]) => [number, number];
  size: (extent: [number, number]) => [number, number];
}

export function timelineChart(tuning: Tuning, bars: Bar[], palette: Palette, chosen: Set<number> | null = null): EChartsCoreOption {
  const begin = Math.min(tuning.job.created_at, ...bars.map(({ created }) => created));
  const last = Math.max(...bars.map(({ ended }) => ended - begin), 1);
  const slots = Math.max(...bars.map(({ slot }) => slot), 0) + 1;
  return {
    ...base(palette),
    grid: { left: 8, right: 16, top: 8, bottom: 26, containLabel: true },
    tooltip: tooltip(palette, {
      formatter: ({ dataIndex }: { dataIndex: number }) => {
        const bar = bars[dataIndex];
        return bar ? tip(tuning, bar) : "";
      },
    }),
    xAxis: axis(palette, {
      type: "value",
      min: 0,
      max: last,
      interval: stepOf(last),
      name: "since the start of the tuning job",
      nameLocation: "middle",
      nameGap: 24,
      axisLabel: { color: palette.muted, fontSize: 11, hideOverlap: true, showMaxLabel: false, formatter: (value: number) => duration(value) },
    }),
    yAxis: axis(palette, {
      type: "category",
      inverse: true,
      data: Array.from({ length: slots }, (_, slot) => String(slot + 1)),
      splitLine: { show: false },
    }),
    series: [
      {
        type: "custom",
        clip: true,
        renderItem: (_: unknown, { value, coord, size }: Drawing) => {
          const [slot, created, started, ended] = [0, 1, 2, 3].map((dimension) => value(dimension)) as [number, number, number, number];
          const height = Math.min(size([0, 1])[1] * 0.72, 18);
          const [left, middle] = coord([created, slot]);
          const between = coord([started, slot])[0];
          const right = coord([ended, slot])[0];
          const gap = right - left > 4 ? 1 : 0;
          const bar = bars[value(4)] as Bar;
          const opacity = chosen && !chosen.has(bar.trainingJob.number) ? FADED : 1;
          const look = { ...colourOf(bar, tuning, palette), opacity };
          const rect = (x: number, width: number, style: object): object => ({
            type: "rect",
            shape: { x, y: middle - height / 2, width: Math.max(width, 0), height, r: Math.min(3, width / 2) },
            style,
          });
          return {
            type: "group",
            children: [
              rect(left, between - left, { fill: palette.line, opacity }),
              rect(between, Math.max(right - between - gap, 1), look),
            ],
          };
        },
        encode: { x: [1, 2, 3], y: 0 },
        data: bars.map((bar, i) => ({
          value: [bar.slot, bar.created - begin, bar.started - begin, bar.ended - begin, i],
          name: bar.trainingJob.name,
          trainingJob: bar.trainingJob.number,
        })),
      },
    ],
  };
}

/** Seconds between two labels: minutes, hours and days in round numbers, at most eight labels. */
export function stepOf(seconds: number): number {
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200];
  return steps.find((step) => seconds / step <= 8) ?? Math.ceil(seconds / 8 / 86400) * 86400;
}

function colourOf({ trainingJob }: Bar, tuning: Tuning, palette: Palette): object {
  if (trainingJob.name === tuning.job.best) return { fill: palette.accent };
  if (trainingJob.status === "Failed") return { fill: palette.failed };
  if (trainingJob.status === "Stopped" || trainingJob.status === "Stopping") return { fill: palette.quiet };
  if (trainingJob.ended === null) return { fill: palette.surface, stroke: palette.accent, lineWidth: 1.5 };
  return { fill: palette.faint };
}

function tip(tuning: Tuning, { trainingJob, slot, created, started, ended }: Bar): string {
  return lines(`${trainingJob.number} · ${shortName(trainingJob.name, tuning.job.name)} · ${status(trainingJob.status)}`, [
    ["slot", String(slot + 1)],
    ["waited", duration(started - created)],
    ["trained", duration(ended - started)],
    [tuning.job.objective?.metric ?? "objective", number(trainingJob.metric)],
  ]);
}
