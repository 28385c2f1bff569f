/** A training job's log: its end, followed while it runs; earlier lines on demand; find. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import { get, ProblemError, trainingJobPath } from "../api";
import { plural } from "../format";
import type { LogPage, Problem, TaskInstance } from "../model";
import { EMPTY, grown, matches, parts } from "../training-log";
import type { Log, LogLine } from "../training-log";

const FOLLOW_SECONDS = 3;
/** How many pages of earlier lines one search loads. */
const SEARCHED_PAGES = 20;
const DENIED: Problem = {
  kind: "forbidden",
  title: "You do not have permission to read this log",
  detail: "Reading it requires the permission to read the logs of the DAG's tasks.",
  remedy: "Ask your Airflow administrator for it.",
};

interface Props {
  task: TaskInstance;
  name: string;
  running: boolean;
}

export function TrainingLog({ task, name, running }: Props) {
  const [log, setLog] = useState<Log | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [stream, setStream] = useState("");
  const [follow, setFollow] = useState(true);
  const [busy, setBusy] = useState(false);
  const known = useRef<Log>(EMPTY);
  const alive = useRef(running);
  alive.current = running;

  const keep = (next: Log): void => setLog((known.current = next));
  const read = async (token: string | null): Promise<LogPage> => {
    const rest = `${stream ? `&stream=${encodeURIComponent(stream)}` : ""}${token ? `&token=${encodeURIComponent(token)}` : ""}`;
    return (await get<LogPage>(trainingJobPath(task, name, "/log") + rest, undefined, DENIED)).value as LogPage;
  };
  const guarded = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
      setProblem(null);
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      setProblem(error.problem);
    }
  };

  useEffect(() => {
    let over = false;
    let timer = 0;
    known.current = EMPTY;
    setLog(null);
    const look = async (): Promise<void> => {
      await guarded(async () => {
        const { later, stream: now } = known.current;
        const page = document.hidden && later ? null : await read(later);
        if (over || !page) return;
        keep(grown(known.current, page, later && now ? "later" : "end"));
      });
      // A last time after its end: CloudWatch is some seconds late.
      if (!over && (alive.current || more)) timer = window.setTimeout(() => void look(), FOLLOW_SECONDS * 1000);
      more = alive.current;
    };
    let more = running;
    void look();
    return () => {
      over = true;
      window.clearTimeout(timer);
    };
  }, [name, stream]);

  const loadEarlier = async (until: (page: LogPage) => boolean): Promise<void> => {
    if (busy) return;
    setBusy(true);
    setFollow(false);
    await guarded(async () => {
      for (let i = 0; i < SEARCHED_PAGES && known.current.earlier; i++) {
        const page = await read(known.current.earlier);
        keep(grown(known.current, page, "earlier"));
        if (until(page)) break;
      }
    });
    setBusy(false);
  };

  return (
    <section aria-labelledby="log">
      <div class="section-head">
        <h3 id="log">Log</h3>
        <div class="tools">
          {(log?.streams.length ?? 0) > 1 && (
            <select aria-label="Machine" value={log?.stream ?? ""} onChange={(event) => setStream(event.currentTarget.value)}>
              {log?.streams.map((one) => (
                <option key={one} value={one}>
                  {one.replace(`${name}/`, "")}
                </option>
              ))}
            </select>
          )}
          {running && (
            <label class="check">
              <input type="checkbox" checked={follow} onChange={(event) => setFollow(event.currentTarget.checked)} /> Follow
            </label>
          )}
        </div>
      </div>
      {problem && (
        <p class="empty small" role="alert">
          {problem.title}. {problem.detail} {problem.remedy}
        </p>
      )}
      {log === null && !problem && <p class="empty small">Loading …</p>}
      {log?.lines.length === 0 && (
        <p class="empty small">{running ? "It has logged nothing yet." : "There is no log of this training job."}</p>
      )}
      {log !== null && log.lines.length > 0 && (
        <Lines log={log} follow={follow && running} busy={busy} onEarlier={loadEarlier} onScrolledUp={() => setFollow(false)} />
      )}
    </section>
  );
}

interface LinesProps {
  log: Log;
  follow: boolean;
  busy: boolean;
  onEarlier: (until: (page: LogPage) => boolean) => Promise<void>;
  onScrolledUp: () => void;
}

function Lines({ log, follow, busy, onEarlier, onScrolledUp }: LinesProps) {
  const box = useRef<HTMLDivElement>(null);
  const scrolled = useRef(false);
  const [wanted, setWanted] = useState("");
  const [at, setAt] = useState(0);
  const found = useMemo(() => matches(log.lines, wanted), [log.lines, wanted]);
  // From the end: what failed is said last.
  const place = found.length ? (((found.length - 1 - at) % found.length) + found.length) % found.length : -1;
  const current = found[place];

  useEffect(() => {
    const element = box.current as HTMLDivElement;
    if (current !== undefined) {
      element.querySelector(`[data-id="${current}"]`)?.scrollIntoView({ block: "nearest" });
    } else if (follow || !scrolled.current) element.scrollTop = element.scrollHeight;
  }, [log.lines, follow, current]);

  const scroll = (): void => {
    const element = box.current as HTMLDivElement;
    scrolled.current = element.scrollTop + element.clientHeight < element.scrollHeight - 40;
    if (scrolled.current && follow && !wanted) onScrolledUp();
  };
  const searchEarlier = (): void => {
    const text = wanted.toLowerCase();
    void onEarlier((page) => page.lines.some(([, line]) => line.toLowerCase().includes(text)));
  };
  return (
    <>
      <form
        class="find"
        role="search"
        onSubmit={(event) => {
          event.preventDefault();
          setAt(at + 1);
        }}
      >
        <input
          type="search"
          value={wanted}
          placeholder="Find in the log"
          aria-label="Find in the log"
          onInput={(event) => {
            setWanted(event.currentTarget.value);
            setAt(0);
          }}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || !event.shiftKey) return;
            event.preventDefault();
            setAt(at - 1);
          }}
        />
        <span class="muted small" role="status">
          {wanted && (found.length ? `${place + 1} of ${plural(found.length, "line")}` : `Not in the last ${plural(log.lines.length, "line")}.`)}
        </span>
        {wanted && found.length > 1 && (
          <>
            <button type="submit" title="Enter">
              Up
            </button>
            <button type="button" title="Shift and Enter" onClick={() => setAt(at - 1)}>
              Down
            </button>
          </>
        )}
        {wanted && !found.length && log.earlier && (
          <button type="button" aria-disabled={busy} onClick={searchEarlier}>
            {busy ? "Searching …" : "Search earlier lines"}
          </button>
        )}
      </form>
      <div class="log" ref={box} tabIndex={0} role="region" aria-label="Log of the training job" onScroll={scroll}>
        {log.earlier && (
          <p>
            <button type="button" aria-disabled={busy} onClick={() => void onEarlier(() => true)}>
              {busy ? "Loading …" : "Earlier lines"}
            </button>
          </p>
        )}
        {log.lines.map((line) => (
          <Line key={line.id} line={line} wanted={wanted} current={line.id === current} />
        ))}
      </div>
    </>
  );
}

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });

function Line({ line, wanted, current }: { line: LogLine; wanted: string; current: boolean }) {
  return (
    <div class={current ? "log-line log-current" : "log-line"} data-id={line.id}>
      <time>{CLOCK.format(line.at * 1000)}</time>
      <span>{parts(line.text, wanted).map((part, i) => (i % 2 ? <mark key={i}>{part}</mark> : part))}</span>
    </div>
  );
}
