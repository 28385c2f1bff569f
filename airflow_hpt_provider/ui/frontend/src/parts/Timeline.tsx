/** When each training job waited, trained and ended, by slot, and what the training time went into. */

import { useMemo } from "preact/hooks";

import { Chart } from "../charts/Chart";
import type { Palette } from "../charts/palette";
import { timelineChart, timelineHeight } from "../charts/timeline";
import { duration, plural, status } from "../format";
import type { Tuning } from "../model";
import { barsOf, parallelism, spentOn } from "../timeline";

interface Props {
  tuning: Tuning;
  palette: Palette;
  chosen: Set<number> | null;
  onOpen: (name: string) => void;
}

const percent = (share: number): string => (share > 0 && share < 0.01 ? "< 1 %" : `${Math.round(share * 100)} %`);
/** What these are called when they are what the time went into. */
const WORDS: Record<string, string> = { Completed: "completed", Failed: "failed", Stopped: "stopped early or by request", InProgress: "running" };

export function Timeline({ tuning, palette, chosen, onOpen }: Props) {
  const bars = useMemo(() => barsOf(tuning, Date.now() / 1000), [tuning]);
  const option = useMemo(() => timelineChart(tuning, bars, palette, chosen), [tuning, bars, palette, chosen]);
  if (!bars.length) return null;
  const { average, waiting } = parallelism(bars);
  const slots = Math.max(...bars.map(({ slot }) => slot)) + 1;
  const spent = spentOn(bars)
    .map((one) => `${WORDS[one.status] ?? status(one.status).toLowerCase()} ${percent(one.share)} (${duration(one.seconds)})`)
    .join(", ");
  const summary =
    `${plural(slots, "slot")}, ${Number(average.toFixed(1))} training on average` +
    `${waiting > 0.005 ? `, ${percent(waiting)} of the time waiting for machines and data` : ""}.` +
    `${spent ? ` Training time: ${spent}.` : ""}`;
  return (
    <section aria-labelledby="timeline">
      <h2 id="timeline">
        Timeline <span class="muted">of training jobs, by slot</span>
      </h2>
      <p class="legend timeline-legend" aria-hidden="true">
        <span class="key key-waited">waited</span>
        <span class="key key-completed">completed</span>
        <span class="key key-done">best</span>
        <span class="key key-quiet">stopped</span>
        <span class="key key-failed">failed</span>
        {!tuning.job.ended && <span class="key key-open">running</span>}
      </p>
      <Chart option={option} height={timelineHeight(bars)} onPick={onOpen} label={`Timeline of ${plural(bars.length, "training job")}. ${summary}`} />
      <p class="muted small">{summary}</p>
    </section>
  );
}
