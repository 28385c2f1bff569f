/** Formats numbers, times and statuses for display. */

/** A metric or hyperparameter: five significant digits, no trailing zeros, exponents for the very small and large. */
export function number(value: number | string | null | undefined): string {
  if (value === null || value === undefined) return "–";
  if (typeof value === "string") return value;
  if (Number.isInteger(value) && Math.abs(value) < 1e7) return String(value);
  const size = Math.abs(value);
  const text =
    size >= 1e7 || (size > 0 && size < 1e-4)
      ? Number(value.toPrecision(3)).toExponential().replace("e+", "e")
      : String(Number(value.toPrecision(5)));
  return text.replaceAll("-", "−");
}

/** 42 s · 3 min 20 s · 2 h 5 min · 3 d 4 h */
export function duration(seconds: number | null): string {
  if (seconds === null) return "–";
  if (seconds < 0.95) return seconds > 0 ? "< 1 s" : "0 s";
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return join(Math.floor(s / 60), "min", s % 60, "s");
  if (s < 86400) return join(Math.floor(s / 3600), "h", Math.floor((s % 3600) / 60), "min");
  return join(Math.floor(s / 86400), "d", Math.floor((s % 86400) / 3600), "h");
}

/** For what is estimated: no more precise than it is. */
export function roughly(seconds: number | null): string {
  if (seconds === null) return "–";
  if (seconds < 60) return "< 1 min";
  const minutes = Math.round(seconds / 60);
  return `≈ ${duration(minutes < 60 ? minutes * 60 : Math.round(minutes / 5) * 300)}`;
}

const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

export function time(seconds: number | null): string {
  if (seconds === null) return "–";
  return MOMENT.format(seconds * 1000);
}

export const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;

const WORDS: Record<string, string> = {
  InProgress: "Running",
  Stopping: "Stopping",
  DeleteFailed: "Delete failed",
};

/** AWS's status in a person's words. */
export const status = (word: string): string => WORDS[word] ?? word;

/** The part of the training jobs' names that tells them apart: SageMaker puts the tuning job's name before it. */
export function shortName(name: string, job: string): string {
  return name.startsWith(`${job}-`) ? name.slice(job.length + 1) : name;
}

function join(a: number, unit: string, b: number, smaller: string): string {
  return b ? `${a} ${unit} ${b} ${smaller}` : `${a} ${unit}`;
}
