/** Two hyperparameters against each other, each on its own scale; the better a training job, the stronger its colour. */

import type { EChartsCoreOption } from "echarts/core";

import type { Parameter, TrainingJobRow, Tuning } from "../model";
import { FADED, reported, tip } from "./objective";
import { base, place, scale, tooltip } from "./options";
import type { Palette } from "./palette";
import { goodness } from "./parameters";

export function pairChart(
  tuning: Tuning,
  x: Parameter,
  y: Parameter,
  palette: Palette,
  chosen: Set<number> | null = null,
): EChartsCoreOption {
  const good = goodness(tuning);
  const jitter = { jitter: 22, jitterOverlap: true };
  return {
    ...base(palette),
    grid: { left: 8, right: 20, top: 28, bottom: 28, containLabel: true },
    tooltip: tooltip(palette, {
      formatter: (point: { data: { trainingJob: number } }) => tip(tuning, tuning.trainingJobs[point.data.trainingJob - 1] as TrainingJobRow),
    }),
    xAxis: scale(palette, x, { name: x.name, nameLocation: "middle", nameGap: 26, nameTruncate: { maxWidth: 300 }, ...(x.kind === "categorical" ? jitter : {}) }),
    yAxis: scale(palette, y, { name: y.name, nameLocation: "end", nameTextStyle: { color: palette.muted, fontSize: 11, align: "left" }, ...(y.kind === "categorical" ? jitter : {}) }),
    visualMap: { show: false, min: 0, max: 1, dimension: 2, inRange: { color: palette.ramp } },
    series: [
      {
        type: "scatter",
        clip: false,
        // the best are drawn last, above the rest
        data: reported(tuning)
          .sort((a, b) => good(a) - good(b))
          .flatMap((trainingJob) => {
            const at = [place(x, trainingJob.values[x.name] ?? null), place(y, trainingJob.values[y.name] ?? null)];
            if (at.includes(null)) return [];
            const best = trainingJob.name === tuning.job.best;
            return {
              value: [...at, good(trainingJob)],
              name: trainingJob.name,
              trainingJob: trainingJob.number,
              symbolSize: best ? 14 : 9,
              itemStyle: {
                opacity: chosen && !chosen.has(trainingJob.number) ? FADED : 0.9,
                borderColor: best ? palette.text : palette.surface,
                borderWidth: best ? 2 : 0.5,
              },
            };
          }),
      },
    ],
  };
}
