/** Where values lie in the space that is searched. */

import type { Parameter, Value } from "./model";

/** Where a value lies between the ends of its range, on its own scale, from 0 to 1; null if it has no range. */
export function shareOf(parameter: Parameter, value: Value): number | null {
  const { min, max } = parameter;
  if (value === null || typeof min !== "number" || typeof max !== "number" || min === max) return null;
  const at = { log: Math.log, reverse_log: (x: number): number => -Math.log(1 - x), linear: (x: number): number => x }[
    parameter.scale ?? "linear"
  ];
  const share = (at(Number(value)) - at(min)) / (at(max) - at(min));
  return Number.isFinite(share) ? Math.min(Math.max(share, 0), 1) : null;
}
