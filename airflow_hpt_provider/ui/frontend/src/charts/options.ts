/** What all charts share: axes, tooltip, and the scales that hyperparameters are searched on. */

import { number } from "../format";
import type { Parameter, Value } from "../model";
import type { Palette } from "./palette";
import { FONT } from "./palette";

/** An axis without ornaments. */
export function axis(palette: Palette, more: object = {}): object {
  return {
    axisLine: { show: false },
    axisTick: { show: false },
    axisLabel: { color: palette.muted, fontSize: 11, formatter: (value: Value) => number(value), hideOverlap: true },
    splitLine: { lineStyle: { color: palette.line } },
    nameTextStyle: { color: palette.muted, fontSize: 11 },
    ...more,
  };
}

export function base(palette: Palette): object {
  return {
    animation: false, // a refresh must not move what has not changed
    textStyle: { fontFamily: FONT, color: palette.text },
  };
}

export function tooltip(palette: Palette, more: object = {}): object {
  return {
    confine: true,
    backgroundColor: palette.surface,
    borderColor: palette.line,
    borderWidth: 1,
    padding: [8, 10],
    textStyle: { color: palette.text, fontSize: 12, fontFamily: FONT },
    extraCssText: "box-shadow: 0 4px 16px rgb(0 0 0 / 0.14); border-radius: 8px; max-width: 300px; white-space: normal;",
    ...more,
  };
}

/** Where a value lies on its hyperparameter's own scale. */
export function place(parameter: Parameter, value: Value): number | string | null {
  if (value === null || parameter.kind === "categorical") return value;
  const x = Number(value);
  if (parameter.scale === "reverse_log") return x < 1 ? -Math.log10(1 - x) : null;
  if (parameter.scale === "log") return x > 0 ? x : null;
  return x;
}

/** The axis of a hyperparameter: categories, logarithmic, or 1 − x logarithmic; over the range that is searched. */
export function scale(palette: Palette, parameter: Parameter, more: object = {}): object {
  if (parameter.kind === "categorical") {
    return axis(palette, {
      type: "category",
      data: parameter.values ?? [],
      axisLabel: { color: palette.muted, fontSize: 11, hideOverlap: true, width: 76, overflow: "truncate" },
      ...more,
    });
  }
  if (parameter.scale === "reverse_log") {
    return axis(palette, {
      type: "value",
      scale: true,
      min: ends(parameter, parameter.min),
      max: ends(parameter, parameter.max),
      axisLabel: {
        color: palette.muted,
        fontSize: 11,
        hideOverlap: true,
        formatter: (value: number) => number(Number((1 - 10 ** -value).toPrecision(3))),
      },
      ...more,
    });
  }
  return axis(palette, {
    type: parameter.scale === "log" ? "log" : "value",
    minInterval: parameter.kind === "integer" && parameter.scale !== "log" ? 1 : undefined,
    min: ends(parameter, parameter.min),
    max: ends(parameter, parameter.max),
    scale: true,
    ...more,
  });
}

const ends = (parameter: Parameter, bound: number | null | undefined): number | undefined =>
  (place(parameter, bound ?? null) as number | null) ?? undefined;

/** Text that is safe in a tooltip's HTML. */
export const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

/** Lines of a tooltip: a heading, then names and values. */
export function lines(heading: string, pairs: [string, string][]): string {
  const rows = pairs.map(
    ([name, value]) => `<div class="tip"><span>${escaped(name)}</span><b>${escaped(value)}</b></div>`,
  );
  return `<div class="tip-head">${escaped(heading)}</div>${rows.join("")}`;
}
