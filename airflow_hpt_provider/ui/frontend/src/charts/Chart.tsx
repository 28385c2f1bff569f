/** A chart in the page: made once, updated in place, as wide as its place. */

import type { EChartsCoreOption, ECharts } from "echarts/core";
import { useEffect, useRef } from "preact/hooks";

import { init } from "./echarts";

interface Props {
  option: EChartsCoreOption;
  /** What it shows, for those who do not see it. */
  label: string;
  height: number;
  /** Called with the data index and series name of a point that was clicked. */
  onPick?: (name: string) => void;
}

export function Chart({ option, label, height, onPick }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<ECharts | null>(null);
  const pick = useRef(onPick);
  pick.current = onPick;

  useEffect(() => {
    const made = init(place.current as HTMLDivElement);
    chart.current = made;
    made.on("click", (event) => pick.current?.(event.name));
    const observer = new ResizeObserver(() => made.resize());
    observer.observe(place.current as HTMLDivElement);
    return () => {
      observer.disconnect();
      made.dispose();
    };
  }, []);

  useEffect(() => {
    chart.current?.setOption(option, { replaceMerge: ["series", "xAxis", "yAxis", "parallelAxis", "visualMap"] });
  }, [option]);

  return <div class="chart" ref={place} role="img" aria-label={label} style={{ height: `${height}px` }} />;
}
