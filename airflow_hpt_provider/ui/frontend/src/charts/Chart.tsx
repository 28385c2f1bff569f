/** A chart in the page: drawn when it is first seen, updated in place while it is, as wide as its place. */

import type { ECharts, EChartsCoreOption } from "echarts/core";
import { useEffect, useRef } from "preact/hooks";

import { init } from "./echarts";

interface Props {
  option: EChartsCoreOption;
  /** What it shows, for those who do not see it. */
  label: string;
  height: number;
  /** A click on a point or a line with a training job's name. */
  onPick?: (name: string) => void;
}

const REPLACED = { replaceMerge: ["series", "xAxis", "yAxis", "parallelAxis", "visualMap"] };

export function Chart({ option, label, height, onPick }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<ECharts | null>(null);
  const visible = useRef(false);
  const wanted = useRef(option);
  const pick = useRef(onPick);
  pick.current = onPick;
  const drawn = useRef<EChartsCoreOption | null>(null);

  const draw = (): void => {
    // What is out of sight waits: with a thousand training jobs, nine charts are worth sparing.
    if (!visible.current || drawn.current === wanted.current) return;
    if (!chart.current) {
      chart.current = init(place.current as HTMLDivElement);
      chart.current.on("click", ({ data }) => {
        const point = data as { name?: string; trial?: number } | null;
        if (point?.trial && point.name) pick.current?.(point.name);
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
        draw();
      },
      { rootMargin: "150px" },
    );
    const sized = new ResizeObserver(() => chart.current?.resize());
    seen.observe(element);
    sized.observe(element);
    return () => {
      seen.disconnect();
      sized.disconnect();
      chart.current?.dispose();
    };
  }, []);

  useEffect(() => {
    wanted.current = option;
    draw();
  }, [option]);

  return <div class="chart" ref={place} role="img" aria-label={label} style={{ height: `${height}px` }} />;
}
