/** The filter's language: words, and comparisons such as `lr<0.1 and booster=gbtree`. */

import { better } from "./metrics";
import type { TrainingJobRow, Tuning, Value } from "./model";

export interface Filter {
  matches: (trainingJob: TrainingJobRow) => boolean;
  /** What is not understood; null if all is. */
  problem: string | null;
}

/** Columns that every tuning job has. A hyperparameter of the same name comes first. */
export const COLUMNS = ["metric", "duration", "status", "number"];
const OPERATOR = /(<=|>=|!=|<|>|=)/;
/** A word or a text in quotes; around an operator there may be blanks. */
const TERM = /((?:"[^"]*"|[^\s"<>=!])+)\s*(?:(<=|>=|!=|<|>|=)\s*("[^"]*"|[^\s"]+))?|\S+/g;

/** Every word has to occur in name, status, reason or values; every comparison has to hold. */
export function parsed(text: string, tuning: Tuning): Filter {
  const problems: string[] = [];
  const tests: ((trainingJob: TrainingJobRow) => boolean)[] = [];
  for (const [whole, left = whole, operator, right = ""] of text.matchAll(TERM)) {
    const name = unquoted(left);
    if (!operator) {
      if (/^(and|&&?)$/i.test(left)) continue;
      if (OPERATOR.test(left)) problems.push(`${whole}: a comparison has a column before its operator and a value after it.`);
      else tests.push(hasWord(name.toLowerCase()));
      continue;
    }
    const problem = wrong(name, operator, unquoted(right), tuning);
    if (problem) problems.push(problem);
    else tests.push(comparison(name, operator, unquoted(right)));
  }
  return { matches: (trainingJob) => tests.every((holds) => holds(trainingJob)), problem: problems[0] ?? null };
}

/** What the text may continue with: the names that begin as its last word does, each as the whole text. */
export function completions(text: string, tuning: Tuning): string[] {
  const [, before = "", begun = ""] = /^(.*?)([^\s<>=!]*)$/s.exec(text) ?? [];
  if (!begun || /[<>=!]\s*$/.test(before)) return [];
  const names = [...tuning.parameters.map(({ name }) => name), ...COLUMNS];
  return names
    .filter((name) => name.toLowerCase().startsWith(begun.replace(/^"/, "").toLowerCase()))
    .map((name) => before + (/[\s"<>=!]/.test(name) ? `"${name}"` : name));
}

const unquoted = (text: string): string => text.replaceAll('"', "");

function hasWord(wanted: string): (trainingJob: TrainingJobRow) => boolean {
  return (trainingJob) =>
    [trainingJob.name, trainingJob.status, trainingJob.headline, trainingJob.reason, ...Object.values(trainingJob.values)].some((value) =>
      String(value ?? "").toLowerCase().includes(wanted),
    );
}

function wrong(name: string, operator: string, limit: string, tuning: Tuning): string | null {
  const parameter = tuning.parameters.find((one) => one.name === name);
  if (!parameter && !COLUMNS.includes(name)) {
    const names = [...tuning.parameters.map((one) => one.name), ...COLUMNS];
    const meant = names.find((one) => one.toLowerCase() === name.toLowerCase()) ?? names.find((one) => near(one, name));
    return `There is no column ${name}.${meant ? ` Did you mean ${meant}?` : ""} The columns are ${names.join(", ")}.`;
  }
  const isText = parameter ? parameter.kind === "categorical" : name === "status";
  const isEqual = operator === "=" || operator === "!=";
  if (isText && !isEqual) return `${name} is a text: compare it with = or !=.`;
  if (!isText && Number.isNaN(Number(limit))) return `${name} is a number: compare it with a number, not with ${limit}.`;
  return null;
}

/** Whether two names differ by one letter or by two that have changed places, or one begins with the other. */
function near(one: string, other: string): boolean {
  const [a, b] = [one.toLowerCase(), other.toLowerCase()];
  if (b.length >= 3 && (a.startsWith(b) || b.startsWith(a))) return true;
  if (Math.abs(a.length - b.length) > 1 || b.length < 3) return false;
  let i = 0;
  while (i < a.length && a[i] === b[i]) i++;
  const rests = [[a.slice(i + 1), b.slice(i + 1)], [a.slice(i), b.slice(i + 1)], [a.slice(i + 1), b.slice(i)], [`${a[i + 1]}${a[i]}${a.slice(i + 2)}`, b.slice(i)]];
  return rests.some(([x, y]) => x === y);
}

function comparison(name: string, operator: string, limit: string): (trainingJob: TrainingJobRow) => boolean {
  return (trainingJob) => {
    const value = valueOf(name in trainingJob.values || !COLUMNS.includes(name) ? `values.${name}` : name)(trainingJob);
    return value !== null && compare(value, operator, limit);
  };
}

function compare(value: string | number, operator: string, limit: string): boolean {
  const wanted = Number(limit);
  const same = typeof value === "string" || Number.isNaN(wanted) ? String(value).toLowerCase() === limit.toLowerCase() : value === wanted;
  if (operator === "=") return same;
  if (operator === "!=") return !same;
  if (typeof value === "string" || Number.isNaN(wanted)) return false;
  return (same && operator.endsWith("=")) || better(value, wanted, operator.startsWith("<"));
}

/** A column's value of a training job. */
export function valueOf(column: string): (trainingJob: TrainingJobRow) => Value {
  if (column.startsWith("values.")) {
    const name = column.slice("values.".length);
    return (trainingJob) => trainingJob.values[name] ?? null;
  }
  return (trainingJob) => (trainingJob as unknown as Record<string, Value>)[column] ?? null;
}
