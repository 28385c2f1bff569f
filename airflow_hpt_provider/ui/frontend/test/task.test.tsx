/** The whole page of a task, with a server that answers. */

import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { Answer } from "../src/model";
import { TaskPage } from "../src/parts/TaskPage";
import { fireEvent } from "./events";
import { answer } from "./tuning";

const drawn = vi.hoisted(() => ({ options: [] as { yAxis?: { type?: string } }[] }));
vi.mock("../src/charts/echarts", () => ({
  init: () => ({ setOption: (option: object) => drawn.options.push(option), on: () => undefined, resize: () => undefined, dispose: () => undefined }),
}));

const task = { dag_id: "d", run_id: "r", task_id: "t", map_index: -1 };
let root: HTMLElement;
let job: Answer;
let importance: () => Response;
let sight: Sight[];

/** Tells of nothing until it is asked to. */
class Sight {
  elements: Element[] = [];
  constructor(readonly tell: (entries: { isIntersecting: boolean }[]) => void) {
    sight.push(this);
  }
  observe(element: Element): void {
    this.elements.push(element);
  }
  disconnect(): void {}
}

/** What the browser reports of the element, once a callback is registered. */
async function inSight(selector: string, ...entries: boolean[]): Promise<void> {
  const watching = await vi.waitFor(() => {
    const one = sight.find(({ elements }) => elements.some((element) => element.matches(selector)));
    expect(one).toBeDefined();
    return one as Sight;
  });
  act(() => watching.tell(entries.map((isIntersecting) => ({ isIntersecting }))));
}

beforeEach(() => {
  root = document.body.appendChild(document.createElement("div"));
  job = answer();
  sight = [];
  drawn.options = [];
  importance = () => json({ parameters: [{ name: "lr", share: 1, spread: 0 }], training_jobs: 12, score: 0.9 });
  vi.stubGlobal("IntersectionObserver", Sight);
  vi.stubGlobal("fetch", (url: URL) => Promise.resolve(url.pathname.endsWith("/importance") ? importance() : json(job)));
});
afterEach(() => {
  render(null, root);
  root.remove();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const json = (body: unknown, status = 200): Response => new Response(JSON.stringify(body), { status });
const again = (): void => void document.dispatchEvent(new Event("visibilitychange"));

async function show(): Promise<void> {
  act(() => render(<TaskPage task={task} theme="light" />, root));
  await vi.waitFor(() => expect(root.querySelector("h1")?.textContent).toBe(job.job.name));
}

test("when the task goes on with another tuning job, nothing of the one before stays: no open question, no filter", async () => {
  await show();
  await fireEvent(root.querySelector(".button-stop"));
  expect(root.querySelector("dialog")?.open).toBe(true);
  job = answer({ name: "churn-2" });
  again();
  await vi.waitFor(() => expect(root.querySelector("h1")?.textContent).toBe("churn-2"));
  expect(root.querySelector("dialog")?.open).toBe(false);
});

test("a warning about the results is shown", async () => {
  await show();
  expect(root.querySelector("header")?.textContent).not.toContain("the same value");
  job = answer({ warning: "All training jobs reported the same value of loss." });
  again();
  await vi.waitFor(() => expect(root.querySelector("header")?.textContent).toContain("the same value of loss."));
});

test("failures that were opened stay open when the first training job has a result", async () => {
  job = { ...answer({ best: null }) };
  await show();
  (root.querySelector(".failures details") as HTMLDetailsElement).open = true;
  job = answer();
  again();
  await vi.waitFor(() => expect(root.querySelector("tr.best")).not.toBeNull());
  expect((root.querySelector(".failures details") as HTMLDetailsElement).open).toBe(true);
});

test("the logarithmic axis is left when it cannot show the objective any more", async () => {
  await show();
  await inSight(".chart", true);
  await fireEvent(root.querySelector(".check input"));
  await vi.waitFor(() => expect(drawn.options.at(-1)?.yAxis?.type).toBe("log"));
  job = answer();
  job.training_jobs.metric[4] = -0.1;
  again();
  await vi.waitFor(() => expect(root.querySelector(".check")).toBeNull());
  await vi.waitFor(() => expect(drawn.options.at(-1)?.yAxis?.type).toBe("value"));
});

test("a chart that went out of sight and came back at once is drawn", async () => {
  await show();
  await inSight(".chart", false, true);
  await vi.waitFor(() => expect(drawn.options.length).toBe(1)); // the library is loaded first
});

test("what could not be computed for a moment is asked for again", async () => {
  vi.useFakeTimers();
  importance = () => json({ kind: "unreachable", title: "No answer", detail: "", remedy: "The page retries automatically." }, 504);
  await show();
  await inSight(".importance", true);
  await vi.waitFor(() => expect(root.querySelector(".importance")?.textContent).toContain("No answer"));
  importance = () => json({ parameters: [{ name: "lr", share: 1, spread: 0 }], training_jobs: 12, score: 0.9 });
  await act(async () => {
    await vi.advanceTimersByTimeAsync(60_000);
  });
  expect(root.querySelector(".importance")?.textContent).toContain("R² 0.90");
});
