import { fireEvent } from "./events";
import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { PALETTES } from "../src/charts/palette";
import { Objective } from "../src/parts/Charts";
import { Failures } from "../src/parts/Failures";
import { Header } from "../src/parts/Header";
import { Leaderboard } from "../src/parts/Leaderboard";
import { Notice } from "../src/parts/Notice";
import { currentTheme } from "../src/theme";
import { tuning } from "./tuning";

const task = { dag_id: "d", run_id: "r", task_id: "t", map_index: -1 };
let root: HTMLElement;

beforeEach(() => {
  root = document.body.appendChild(document.createElement("div"));
});
afterEach(() => {
  render(null, root);
  root.remove();
  localStorage.clear();
  vi.unstubAllGlobals();
});

const show = (element: preact.ComponentChild): void => void act(() => render(element, root));
const rows = (): string[] =>
  [...root.querySelectorAll("tbody tr")].map((row) => row.querySelector("td")?.textContent ?? "");

test("the header counts, shows the best, and offers to stop only those who may", () => {
  show(<Header tuning={tuning()} task={task} onOpen={() => undefined} onStopped={() => undefined} />);
  expect(root.querySelector("[role=progressbar]")?.getAttribute("aria-valuetext")).toBe("4 of 8 training jobs ended");
  expect(root.querySelector(".stat-best strong")?.textContent).toBe("0.2");
  expect(root.textContent).toContain("Stop");
  show(<Header tuning={{ ...tuning(), canStop: false }} task={task} onOpen={() => undefined} onStopped={() => undefined} />);
  expect(root.querySelector(".button-stop")).toBeNull();
});

test("a DAG with a trigger form is triggered again from Airflow's page of the run", () => {
  const link = (): string | null | undefined => root.querySelector("a[target=_top]")?.getAttribute("href");
  show(<Header tuning={tuning()} task={task} onOpen={() => undefined} onStopped={() => undefined} />);
  expect(link()).toBeUndefined();
  show(<Header tuning={{ ...tuning(), hasForm: true }} task={{ ...task, run_id: "manual__2026-11-29T10:00:00+00:00" }} onOpen={() => undefined} onStopped={() => undefined} />);
  expect(link()).toBe("../dags/d/runs/manual__2026-11-29T10%3A00%3A00%2B00%3A00");
});

test("stopping asks first, then sends the header that other sites cannot, and reports", async () => {
  const sent = vi.fn(() => Promise.resolve(new Response("{}", { status: 200 })));
  vi.stubGlobal("fetch", sent);
  const stopped = vi.fn();
  show(<Header tuning={tuning()} task={task} onOpen={() => undefined} onStopped={stopped} />);
  await fireEvent(root.querySelector(".button-stop"));
  expect(root.querySelector("dialog")?.open).toBe(true);
  expect(sent).not.toHaveBeenCalled();
  await fireEvent(root.querySelector(".button-danger"));
  await vi.waitFor(() => expect(stopped).toHaveBeenCalledOnce());
  const [url, init] = sent.mock.calls[0] as unknown as [URL, RequestInit];
  expect(String(url)).toContain("/stop");
  expect(init).toMatchObject({ method: "POST", headers: { "X-Requested-With": "tuning-page" } });
});

test("a stop that failed is shown in full, without the promise to try again, and not once more the next time", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("no network")));
  show(<Header tuning={tuning()} task={task} onOpen={() => undefined} onStopped={() => undefined} />);
  const alert = (): string => root.querySelector("dialog [role=alert]")?.textContent ?? "";
  await fireEvent(root.querySelector(".button-stop"));
  const confirm = root.querySelector<HTMLButtonElement>(".button-danger") as HTMLButtonElement;
  confirm.focus();
  await fireEvent(confirm);
  await vi.waitFor(() => expect(alert()).toContain("This browser cannot reach the API server."));
  expect(alert()).not.toContain("retries automatically");
  expect(alert()).toContain("The job may keep running");
  expect(document.activeElement).toBe(confirm);
  await fireEvent(root.querySelector(".buttons button"));
  await fireEvent(root.querySelector(".button-stop"));
  expect(alert()).toBe("");
});

test("a user without the permission to stop sees why", async () => {
  vi.stubGlobal("fetch", () => Promise.resolve(new Response('{"detail":"Forbidden"}', { status: 403 })));
  show(<Header tuning={tuning()} task={task} onOpen={() => undefined} onStopped={() => undefined} />);
  await fireEvent(root.querySelector(".button-stop"));
  await fireEvent(root.querySelector(".button-danger"));
  await vi.waitFor(() => expect(root.querySelector("dialog [role=alert]")?.textContent).toContain("You do not have permission to stop this job"));
});

test("a change of status is announced to screen readers", () => {
  show(<Header tuning={tuning()} task={task} onOpen={() => undefined} onStopped={() => undefined} />);
  const place = root.querySelector(".actions [role=status]");
  expect(place?.textContent).toBe("Running");
  show(<Header tuning={tuning({ status: "Stopping" })} task={task} onOpen={() => undefined} onStopped={() => undefined} />);
  expect(root.querySelector(".actions [role=status]")).toBe(place);
  expect(place?.textContent).toBe("Stopping");
});

test("the status that is filtered by stays to be chosen when no training job has it any more", async () => {
  show(<Leaderboard tuning={tuning()} task={task} onOpen={() => undefined} />);
  const select = root.querySelector("select") as HTMLSelectElement;
  select.value = "InProgress";
  act(() => void select.dispatchEvent(new Event("change", { bubbles: true })));
  expect(rows()).toEqual(["5"]);
  const later = tuning();
  later.trainingJobs = later.trainingJobs.map((one) => ({ ...one, status: one.status === "InProgress" ? "Completed" : one.status }));
  show(<Leaderboard tuning={later} task={task} onOpen={() => undefined} />);
  expect(select.value).toBe("InProgress");
  expect(rows()).toEqual([]);
});

test("the leaderboard sorts by a click, says so to screen readers, and filters", async () => {
  show(<Leaderboard tuning={tuning()} task={task} onOpen={() => undefined} />);
  expect(rows()).toEqual(["3", "4", "1", "2", "5"]);
  const head = [...root.querySelectorAll("th")].find((one) => one.textContent === "lr");
  await fireEvent(head?.querySelector("button"));
  expect(rows()).toEqual(["3", "4", "5", "1", "2"]);
  expect(head?.getAttribute("aria-sort")).toBe("ascending");
  await fireEvent(head?.querySelector("button"));
  expect(rows()).toEqual(["2", "1", "5", "4", "3"]);
  const search = root.querySelector<HTMLInputElement>("input[type=search]") as HTMLInputElement;
  search.value = "gbtree";
  act(() => void search.dispatchEvent(new Event("input", { bubbles: true })));
  expect(rows()).toEqual(["1", "4"]);
});

test("turning pages by keyboard keeps the focus, at the ends too", async () => {
  const one = tuning();
  const trainingJobs = Array.from({ length: 31 }, (_, i) => ({ ...one.trainingJobs[0]!, name: `churn-${i}`, number: i + 1 }));
  show(<Leaderboard tuning={{ ...one, trainingJobs }} task={task} onOpen={() => undefined} />);
  const [previous, next] = [...root.querySelectorAll<HTMLButtonElement>(".pager button")] as [HTMLButtonElement, HTMLButtonElement];
  expect(previous.getAttribute("aria-disabled")).toBe("true");
  next.focus();
  for (const shown of ["16–30 of 31", "31–31 of 31", "31–31 of 31"]) {
    await fireEvent(next);
    expect(root.querySelector(".pager")?.textContent).toContain(shown);
    expect(document.activeElement).toBe(next);
    expect(next.disabled).toBe(false);
  }
  expect(next.getAttribute("aria-disabled")).toBe("true");
});

test("a job that ended before its first training job does not promise any", () => {
  const none = { ...tuning({ ended: true, status: "Stopped", ended_at: 1000, counters: { completed: 0, in_progress: 0, failed: 0, stopped: 0 } }), trainingJobs: [] };
  const props = { tuning: none, palette: PALETTES.light, log: false, task, onOpen: () => undefined };
  show([<Header {...props} onStopped={() => undefined} />, <Objective {...props} onLog={() => undefined} />, <Leaderboard {...props} />]);
  expect(root.textContent).toContain("The tuning job ended before its first training job.");
  expect(root.textContent).toContain("No training job was started.");
  expect(root.textContent).not.toContain("yet");
  expect(root.querySelector("[role=progressbar]")?.getAttribute("aria-valuetext")).toBe("0 of 8 training jobs ended");
});

test("a job that was stopped early is not shown as done", () => {
  const early = tuning({ ended: true, status: "Stopped", ended_at: 1300, counters: { completed: 2, in_progress: 0, failed: 0, stopped: 0 } });
  show(<Header tuning={early} task={task} onOpen={() => undefined} onStopped={() => undefined} />);
  expect(root.querySelector<HTMLElement>(".part-done")?.style.width).toBe("25%");
});

test("what training jobs say is shown as text", () => {
  const evil = tuning();
  evil.trainingJobs[1] = { ...evil.trainingJobs[1]!, headline: "<b id=evil>", reason: "<script>" };
  show(<Failures tuning={evil} onOpen={() => undefined} />);
  expect(root.querySelector("#evil, script")).toBeNull();
  expect(root.textContent).toContain("<b id=evil>");
});

test("an error says what to do", () => {
  show(<Notice problem={{ kind: "credentials", title: "No", detail: "why", remedy: "do this" }} />);
  expect(root.querySelector("[role=alert]")?.textContent).toBe("Nowhydo this");
});

test("Airflow's choice of theme comes before the browser's", () => {
  localStorage.setItem("theme", "dark");
  expect(currentTheme()).toBe("dark");
  localStorage.setItem("theme", "light");
  expect(currentTheme()).toBe("light");
});

test("the problems of a refused config are a table", () => {
  const problems = [
    { field: "Config.Strategie", problem: "Unknown member", remedy: "" },
    { field: "Config.ResourceLimits", problem: "is too large", remedy: "set it to 4" },
  ];
  show(<Notice problem={{ kind: "refused_config", title: "The config has 2 problems", detail: "", remedy: "", problems }} />);
  const cells = [...root.querySelectorAll("tbody tr")].map((row) => [...row.querySelectorAll("td")].map((cell) => cell.textContent));
  expect(cells).toEqual([
    ["Config.Strategie", "Unknown member", "–"],
    ["Config.ResourceLimits", "is too large", "set it to 4"],
  ]);
});
