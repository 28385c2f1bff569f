/** A training job's log as it is loaded, page by page, and what is found in it. */

import type { LogPage } from "./model";

export interface LogLine {
  id: number;
  at: number;
  text: string;
}

export interface Log {
  lines: LogLine[];
  streams: string[];
  stream: string | null;
  /** Tokens of the pages before and after; null: there is none. */
  earlier: string | null;
  later: string | null;
}

export const EMPTY: Log = { lines: [], streams: [], stream: null, earlier: null, later: null };
const MOST_LINES = 50_000;

/** With a page added: the first one, the one before, or the one after. */
export function grown(log: Log, page: LogPage, where: "end" | "earlier" | "later"): Log {
  const first = where === "earlier" ? (log.lines[0]?.id ?? 0) - page.lines.length : (log.lines.at(-1)?.id ?? -1) + 1;
  const added = page.lines.map(([at, text], i): LogLine => ({ id: first + i, at, text: plain(text) }));
  const { streams, stream } = page;
  if (where === "earlier") return { ...log, lines: [...added, ...log.lines], streams, earlier: added.length ? page.earlier : null };
  if (where === "later") {
    const lines = added.length ? [...log.lines, ...added] : log.lines;
    const dropped = lines.length > MOST_LINES;
    return { ...log, lines: dropped ? lines.slice(-MOST_LINES) : lines, streams, later: page.later ?? log.later };
  }
  return { lines: added, streams, stream, earlier: page.earlier, later: page.later };
}

const ESCAPES = /\u001b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-_])/g;
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/** Without what moves a terminal's cursor, colours its text, or turns the reading direction. */
export const plain = (text: string): string =>
  text.replace(ESCAPES, "").replace(/^.*\r(?!$)/s, "").replace(CONTROLS, "");

/** The ids of lines that hold a text, whatever the case. */
export function matches(lines: LogLine[], wanted: string): number[] {
  const text = wanted.toLowerCase();
  return text ? lines.filter((line) => line.text.toLowerCase().includes(text)).map(({ id }) => id) : [];
}

/** A line in parts: every second one is what was searched for. */
export function parts(line: string, wanted: string): string[] {
  if (!wanted) return [line];
  const escaped = wanted.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return line.split(new RegExp(`(${escaped})`, "gi"));
}
