/** The colours of the charts: the same as style/colours.css has, one accent and greys; red only for failures. */

import type { Theme } from "../theme";

export interface Palette {
  accent: string;
  faint: string;
  text: string;
  muted: string;
  line: string;
  surface: string;
  failed: string;
  /** What ended before its time. */
  quiet: string;
  /** From the worst to the best objective. */
  ramp: string[];
}

export const PALETTES: Record<Theme, Palette> = {
  light: {
    accent: "#1668c7",
    faint: "#9db9da",
    text: "#1c1f24",
    muted: "#6a7280",
    line: "#e6e8ec",
    surface: "#ffffff",
    failed: "#c63d3d",
    quiet: "#aeb4bf",
    ramp: ["#dfe3e9", "#a9c4e4", "#1668c7"],
  },
  dark: {
    accent: "#6cb0ff",
    faint: "#4c6c94",
    text: "#e6e9f0",
    muted: "#96a1b5",
    line: "#2a3347",
    surface: "#161d2e",
    failed: "#ef7d7d",
    quiet: "#5a6579",
    ramp: ["#303a50", "#45698f", "#6cb0ff"],
  },
};

export const FONT = 'system-ui, -apple-system, "Segoe UI", Inter, Roboto, "Helvetica Neue", Arial, sans-serif';
