/** One training job: its view with its own address, its log, and what is copied. */

import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { trainingJobOf, withTrainingJob } from "../src/address";
import type { LogPage, TrainingJobDetail } from "../src/model";
import { Leaderboard } from "../src/parts/Leaderboard";
import { TrainingJob } from "../src/parts/TrainingJob";
import { TrainingLog } from "../src/parts/TrainingLog";
import { shareOf } from "../src/spaces";
import { EMPTY, grown, matches, parts, plain } from "../src/training-log";
import { fireEvent } from "./events";
import { tuning } from "./tuning";

const task = { dag_id: "d", run_id: "r", task_id: "t", map_index: -1 };
const EVIL = `<img src=x onerror="alert(1)">`;
const detail: TrainingJobDetail = {
  name: "churn-002-b", status: "Failed", secondary_status: "Failed", failure_reason: `${EVIL} boom`,
  created: 1000, started: 1005, ended: 1010, training_seconds: 5, billable_seconds: 10, spot: false,
  machine: { instances: [{ type: "ml.m5.large", count: 2 }], volume_gb: 10 }, max_seconds: 3600, image: EVIL,
  metrics: [{ name: EVIL, value: 0.25, at: 1009 }], curve_metrics: [],
  transitions: [{ status: "Training", started: 1005, ended: 1010, message: EVIL }],
  hidden: { hyperparameters: [EVIL], environment: [] }, artifact: null, links: {}, config: "RoleArn: x\n", can_stop: false,
};
const page = (lines: string[], more: Partial<LogPage> = {}): LogPage => ({
  streams: ["churn-002-b/algo-1"], stream: "churn-002-b/algo-1",
  lines: lines.map((text, i) => [1000 + i, text]), earlier: null, later: "f", ...more,
});
let root: HTMLElement;
let asked: string[];
let logs: LogPage[];

beforeEach(() => {
  root = document.body.appendChild(document.createElement("div"));
  asked = [];
  logs = [];
  vi.stubGlobal("fetch", (url: URL) => {
    asked.push(url.pathname + url.search);
    const body = url.pathname.endsWith("/log") ? (logs.shift() ?? page([])) : detail;
    return Promise.resolve(new Response(JSON.stringify(body)));
  });
});
afterEach(() => {
  render(null, root);
  root.remove();
  vi.unstubAllGlobals();
});
const show = (element: preact.ComponentChild): void => void act(() => render(element, root));

test("the address opens a training job, whatever its name, and keeps the rest", () => {
  const address = withTrainingJob("http://x/hpt/task/d/r/t?map_index=3", "a&b=c #d");
  expect(trainingJobOf(new URL(address).search)).toBe("a&b=c #d");
  expect(new URL(address).searchParams.get("map_index")).toBe("3");
  expect(withTrainingJob(address, null)).toBe("http://x/hpt/task/d/r/t?map_index=3");
  expect(trainingJobOf("?training_job=")).toBeNull();
});

test("a row and its link open it; the link can open a new tab", async () => {
  const open = vi.fn();
  show(<Leaderboard tuning={tuning()} task={task} onOpen={open} />);
  const link = root.querySelector<HTMLAnchorElement>("tbody a") as HTMLAnchorElement;
  expect(link.href).toContain("training_job=churn-003-c");
  await fireEvent(link);
  expect(open.mock.calls).toEqual([["churn-003-c"]]);
  await fireEvent(root.querySelector("tbody tr:nth-child(2) td"));
  expect(open.mock.calls[1]).toEqual(["churn-004-d"]);
});

test("its view shows what a training job says as text, and values in the space searched", async () => {
  show(<TrainingJob tuning={tuning()} task={task} name="churn-002-b" onOpen={() => undefined} onStopped={() => undefined} />);
  await vi.waitFor(() => expect(root.textContent).toContain(`${EVIL} boom`));
  expect(root.querySelector("img, script")).toBeNull();
  expect(root.querySelector("dialog")?.open).toBe(true);
  expect(root.querySelector(".values tbody")?.textContent).toContain("0.001 to 1, logarithmic");
  expect(root.textContent).toContain("2 × ml.m5.large");
  expect(root.querySelector(".button-stop")).toBeNull();
  expect(asked).toContain("/api/dags/d/runs/r/tasks/t/training-jobs/churn-002-b?map_index=-1");
});

test("one that the tuning job has not says so, and asks for nothing", () => {
  show(<TrainingJob tuning={tuning()} task={task} name="other" onOpen={() => undefined} onStopped={() => undefined} />);
  expect(root.textContent).toContain("no training job of this name");
  expect(asked).toEqual([]);
});

test("next, previous and Escape", async () => {
  const open = vi.fn();
  show(<TrainingJob tuning={tuning()} task={task} name="churn-001-a" onOpen={open} onStopped={() => undefined} />);
  const [previous, next] = [...root.querySelectorAll(".actions button")];
  await fireEvent(previous);
  await fireEvent(next);
  expect(open.mock.calls).toEqual([["churn-002-b"]]);
  act(() => void root.querySelector("dialog")?.dispatchEvent(new Event("cancel", { cancelable: true })));
  expect(open.mock.calls[1]).toEqual([null]);
});

test("the log: its end, earlier lines, and find from the end", async () => {
  logs = [page(["loss=1", "LOSS=2 <b>"], { earlier: "b" }), page(["start"], { earlier: "b0" })];
  show(<TrainingLog task={task} name="churn-002-b" running={false} />);
  await vi.waitFor(() => expect(root.querySelectorAll(".log-line").length).toBe(2));
  const box = root.querySelector<HTMLInputElement>("input[type=search]") as HTMLInputElement;
  const find = (text: string): void => {
    box.value = text;
    act(() => void box.dispatchEvent(new Event("input", { bubbles: true })));
  };
  find("loss");
  expect(root.querySelector("[role=status]")?.textContent).toBe("2 of 2 lines");
  expect(root.querySelector(".log-current")?.textContent).toContain("LOSS=2 <b>");
  expect([...root.querySelectorAll("mark")].map((one) => one.textContent)).toEqual(["loss", "LOSS"]);
  find("start");
  expect(root.textContent).toContain("Not in the last 2 lines.");
  await fireEvent([...root.querySelectorAll("button")].find((one) => one.textContent === "Search earlier lines"));
  await vi.waitFor(() => expect(root.querySelectorAll(".log-line").length).toBe(3));
  expect(root.querySelector(".log-current")?.textContent).toContain("start");
  expect(asked.at(-1)).toContain("&token=b");
});

test("a log that may not be read says which permission it takes", async () => {
  vi.stubGlobal("fetch", () => Promise.resolve(new Response('{"detail":"Forbidden"}', { status: 403 })));
  show(<TrainingLog task={task} name="churn-002-b" running={false} />);
  await vi.waitFor(() => expect(root.querySelector("[role=alert]")?.textContent).toContain("read the logs of the DAG's tasks"));
});

test("pages grow at both ends, and every line keeps its id", () => {
  const end = grown(EMPTY, page(["c", "d"], { earlier: "b" }), "end");
  const more = grown(grown(end, page(["a", "b"], { earlier: "b2" }), "earlier"), page(["e"]), "later");
  expect(more.lines.map(({ id, text }) => `${id}${text}`)).toEqual(["-2a", "-1b", "0c", "1d", "2e"]);
  expect(more.earlier).toBe("b2");
  expect(grown(more, page([], { earlier: "b3" }), "earlier").earlier).toBeNull();
});

test("what moves a terminal's cursor or turns the reading direction is not shown", () => {
  expect(plain("\u001b[31mred\u001b[0m \u001b]0;title\u0007\u202eevil\u0000")).toBe("red evil");
  expect(plain("10%\r20%\r100%")).toBe("100%");
  expect(plain("a\tb")).toBe("a\tb");
});

test("what is searched for is a text, not a pattern", () => {
  expect(parts("a.b (c) A.B", "a.b")).toEqual(["", "a.b", " (c) ", "A.B", ""]);
  expect(matches([{ id: 7, at: 0, text: "axb" }], "a.b")).toEqual([]);
});

test("where a value lies, on its own scale", () => {
  const of = (scale: "linear" | "log" | "reverse_log", min: number, max: number, value: number): number | null =>
    shareOf({ name: "x", kind: "continuous", scale, min, max }, value);
  expect(of("linear", 0, 4, 1)).toBeCloseTo(0.25);
  expect(of("log", 0.001, 1, 0.1)).toBeCloseTo(2 / 3);
  expect(of("reverse_log", 0, 0.999, 0.9)).toBeCloseTo(1 / 3);
  expect(of("linear", 0, 1, 7)).toBe(1);
  expect(of("linear", 1, 1, 1)).toBeNull();
  expect(shareOf({ name: "x", kind: "categorical", values: ["a"] }, "a")).toBeNull();
});
