/** Data that keep themselves fresh, without a flicker: what is shown stays until there is something newer. */

import { useCallback, useEffect, useRef, useState } from "preact/hooks";

import { get, ProblemError } from "./api";
import type { Problem } from "./model";

export interface Fresh<T> {
  value: T | null;
  /** Of the last try; the value, if there is one, is older. */
  problem: Problem | null;
  reload: () => void;
}

/** How something is read: null if it is as the one with the same ETag. */
export type Read<T> = (path: string, etag: string) => Promise<{ value: T | null; etag: string }>;

/** `path`, read again every `seconds(value)`; paused while the page is hidden. */
export function usePolling<T>(path: string, seconds: (value: T | null) => number, read: Read<T> = get): Fresh<T> {
  const [value, setValue] = useState<T | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [asked, setAsked] = useState(0);
  const now = useRef({ seconds, read });
  now.current = { seconds, read };

  useEffect(() => {
    let over = false;
    let timer = 0;
    let turn = 0;
    let etag = "";
    let last: T | null = null;
    const look = async (): Promise<void> => {
      window.clearTimeout(timer);
      if (document.hidden) return; // `visibilitychange` polls again
      const mine = ++turn;
      // Returning to the page polls immediately, even while a response is pending: the last request counts.
      const late = (): boolean => over || mine !== turn;
      try {
        const answer = await now.current.read(path, etag);
        if (late()) return;
        etag = answer.etag;
        if (answer.value !== null) setValue((last = answer.value));
        setProblem(null);
      } catch (error) {
        if (late()) return;
        const shown = error instanceof ProblemError ? error.problem : UNKNOWN;
        setProblem(shown);
        if (GONE.has(shown.kind)) {
          setValue((last = null));
          etag = ""; // else it would be called unchanged when it is back
        }
      }
      window.clearTimeout(timer);
      timer = window.setTimeout(() => void look(), now.current.seconds(last) * 1000);
    };
    const seen = (): void => void look();
    document.addEventListener("visibilitychange", seen);
    void look();
    return () => {
      over = true;
      window.clearTimeout(timer);
      document.removeEventListener("visibilitychange", seen);
    };
  }, [path, asked]);

  return { value, problem, reload: useCallback(() => setAsked((n) => n + 1), []) };
}

/** After these, what was shown is not true any more. */
const GONE = new Set(["not_started", "no_job", "no_task", "job_gone", "forbidden", "logged_out"]);
const UNKNOWN: Problem = {
  kind: "failed",
  title: "Something went wrong in this page",
  detail: "",
  remedy: "Reload it. The browser's console has the details.",
};

/** The time in seconds since 1970, every second while `running`. */
export function useNow(running: boolean): number {
  const [now, setNow] = useState(() => Date.now() / 1000);
  useEffect(() => {
    if (!running) return;
    const timer = window.setInterval(() => setNow(Date.now() / 1000), 1000);
    return () => window.clearInterval(timer);
  }, [running]);
  return now;
}
