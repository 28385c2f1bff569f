/** A chart in the page: drawn when it is first seen, updated in place while it is, as wide as its place. */

import type { ECharts, EChartsCoreOption } from "echarts/core";
import { useEffect, useRef, useState } from "preact/hooks";

import type { Range } from "../selection";

/** Apache ECharts is most of the bundle. It is loaded in the background after the first paint. */
let library: Promise<typeof import("./echarts")> | undefined;
export const loadCharts = (): Promise<typeof import("./echarts")> =>
  (library ??= import("./echarts").catch((error: unknown) => {
    library = undefined; // the next chart tries again
    throw error;
  }));

interface Props {
  option: EChartsCoreOption;
  /** What it shows, for those who do not see it. */
  label: string;
  height: number;
  /** A click on a point or a line with a training job's name. */
  onPick?: (name: string) => void;
  /** The part of the x axis that is shown, both ends included; null: all of it. */
  onZoom?: (range: Range | null) => void;
  /** What is marked on a parallel axis. */
  onBrush?: (axis: string, ranges: Range[]) => void;
  /** What is to be marked: with nothing in it, the chart's marks are wiped away. */
  brushed?: Record<string, Range[]>;
}

/** What a chart's zoom shows. */
function zoomOf(option: unknown): Range | null {
  const zoom = (option as { dataZoom?: { start: number; end: number; startValue: number; endValue: number }[] } | undefined)?.dataZoom?.[0];
  if (!zoom || (zoom.start <= 0 && zoom.end >= 100)) return null;
  return [Math.max(1, Math.ceil(zoom.startValue)), Math.max(1, Math.floor(zoom.endValue))];
}

const REPLACED = { replaceMerge: ["series", "xAxis", "yAxis", "parallelAxis", "visualMap"] };

export function Chart({ option, label, height, onPick, onZoom, onBrush, brushed }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<ECharts | null>(null);
  const visible = useRef(false);
  const wanted = useRef(option);
  const on = useRef({ onPick, onZoom, onBrush });
  on.current = { onPick, onZoom, onBrush };
  const marked = useRef(new Set<string>());
  const drawn = useRef<EChartsCoreOption | null>(null);
  const gone = useRef(false);
  const [missing, setMissing] = useState(false);

  const draw = async (): Promise<void> => {
    // What is out of sight waits: with a thousand training jobs, nine charts are worth sparing.
    if (!visible.current || drawn.current === wanted.current) return;
    const charts = await loadCharts().catch(() => null);
    if (!gone.current) setMissing(!charts);
    if (!charts || gone.current || drawn.current === wanted.current) return;
    if (!chart.current) {
      chart.current = charts.init(place.current as HTMLDivElement);
      chart.current.on("click", ({ data }) => {
        const point = data as { name?: string; trainingJob?: number } | null;
        if (point?.trainingJob && point.name) on.current.onPick?.(point.name);
      });
      chart.current.on("datazoom", () => on.current.onZoom?.(zoomOf(chart.current?.getOption())));
      chart.current.on("axisareaselected", (event) => {
        const { parallelAxisId, intervals } = event as { parallelAxisId?: string; intervals?: Range[] };
        if (!parallelAxisId) return;
        if (intervals?.length) marked.current.add(parallelAxisId);
        else marked.current.delete(parallelAxisId);
        on.current.onBrush?.(parallelAxisId, intervals ?? []);
      });
    }
    chart.current.setOption(wanted.current, REPLACED);
    drawn.current = wanted.current;
  };

  useEffect(() => {
    const element = place.current as HTMLDivElement;
    const seen = new IntersectionObserver(
      (entries) => {
        visible.current = entries.at(-1)?.isIntersecting ?? false; // the last is how it is now
        void draw();
      },
      { rootMargin: "150px" },
    );
    const sized = new ResizeObserver(() => chart.current?.resize());
    seen.observe(element);
    sized.observe(element);
    gone.current = false;
    return () => {
      gone.current = true;
      seen.disconnect();
      sized.disconnect();
      chart.current?.dispose();
    };
  }, []);

  useEffect(() => {
    wanted.current = option;
    void draw();
  }, [option]);

  useEffect(() => {
    if (Object.values(brushed ?? {}).some((ranges) => ranges.length)) return;
    for (const parallelAxisId of [...marked.current])
      chart.current?.dispatchAction({ type: "axisAreaSelect", parallelAxisId, intervals: [] });
  }, [brushed]);

  return (
    <>
      {missing && (
        <p class="empty small" role="alert">
          The charts could not be loaded. Reload this page.
        </p>
      )}
      <div class="chart" ref={place} role="img" aria-label={label} style={{ height: `${height}px` }} />
    </>
  );
}
