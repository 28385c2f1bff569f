/** The parts of Apache ECharts that the page uses; the bundle holds no others. */

import { BarChart, CustomChart, LineChart, ParallelChart, ScatterChart } from "echarts/charts";
import { DataZoomSliderComponent, GridComponent, ParallelComponent, TooltipComponent, VisualMapComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { LabelLayout, ScatterJitter } from "echarts/features";
import { CanvasRenderer } from "echarts/renderers";

use([
  BarChart,
  CustomChart,
  LineChart,
  ParallelChart,
  ScatterChart,
  DataZoomSliderComponent,
  GridComponent,
  ParallelComponent,
  TooltipComponent,
  VisualMapComponent,
  LabelLayout,
  ScatterJitter,
  CanvasRenderer,
]);

export { init };
