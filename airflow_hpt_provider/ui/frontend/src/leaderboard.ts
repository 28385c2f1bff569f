/** Sorting and filtering of training jobs. */

import { better } from "./metrics";
import type { Trial, Tuning, Value } from "./model";

export interface Sorting {
  /** `metric`, `number`, `status`, `duration`, `headline`, or `values.NAME`. */
  column: string;
  descending: boolean;
}

/** What the best-first order is called. */
export const bestFirst = (tuning: Tuning): Sorting => ({ column: "metric", descending: !tuning.minimize });

/** Sorted; what has no value comes last whichever way, and ties stay in the order of creation. */
export function sorted(trials: Trial[], { column, descending }: Sorting): Trial[] {
  const value = valueOf(column);
  const sign = descending ? -1 : 1;
  return [...trials].sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    if (x === null || y === null) return x === y ? a.number - b.number : x === null ? 1 : -1;
    const order = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y));
    return order * sign || a.number - b.number;
  });
}

/**
 * Those that match every word of the text, in name, status, reason or values; `lr<0.1`, `depth>=4`, `metric<0.3` and
 * `booster=gbtree` compare.
 */
export function filtered(trials: Trial[], text: string, status = ""): Trial[] {
  const tests = text.trim().split(/\s+/).filter(Boolean).map(test);
  return trials.filter((trial) => (!status || trial.status === status) && tests.every((matches) => matches(trial)));
}

function test(word: string): (trial: Trial) => boolean {
  const parts = /^([^<>=]+)(<=|>=|<|>|=)(.+)$/.exec(word);
  if (!parts) {
    const wanted = word.toLowerCase();
    return (trial) =>
      [trial.name, trial.status, trial.headline, trial.reason, ...Object.values(trial.values)].some((value) =>
        String(value ?? "").toLowerCase().includes(wanted),
      );
  }
  const [, name = "", operator = "", limit = ""] = parts;
  return (trial) => {
    const known = ["metric", "duration", "status", "number"].includes(name);
    const value = valueOf(known && !(name in trial.values) ? name : `values.${name}`)(trial);
    return value !== null && compare(value, operator, limit);
  };
}

function compare(value: string | number, operator: string, limit: string): boolean {
  const wanted = Number(limit);
  if (typeof value === "string" || Number.isNaN(wanted))
    return operator === "=" && String(value).toLowerCase() === limit.toLowerCase();
  if (operator === "=") return value === wanted;
  if (operator.endsWith("=") && value === wanted) return true;
  return better(value, wanted, operator.startsWith("<"));
}

function valueOf(column: string): (trial: Trial) => Value {
  if (column.startsWith("values.")) {
    const name = column.slice("values.".length);
    return (trial) => trial.values[name] ?? null;
  }
  return (trial) => (trial as unknown as Record<string, Value>)[column] ?? null;
}
