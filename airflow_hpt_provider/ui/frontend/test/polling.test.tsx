import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { usePolling } from "../src/polling";

let root: HTMLElement;
let texts: Set<string>;
let requests: { etag: string | undefined; reply: (answer: Response) => void }[];

function Shown() {
  const { value, problem } = usePolling<{ says: string }>("api/thing", () => 0.01);
  const text = problem?.kind ?? value?.says ?? "nothing";
  texts.add(text);
  return <p>{text}</p>;
}

beforeEach(() => {
  root = document.body.appendChild(document.createElement("div"));
  requests = [];
  texts = new Set();
  vi.stubGlobal("fetch", (_: URL, init: { headers: Record<string, string> }) =>
    new Promise<Response>((reply) => requests.push({ etag: init.headers["If-None-Match"], reply })),
  );
});
afterEach(() => {
  render(null, root);
  root.remove();
  vi.unstubAllGlobals();
});

const says = (text: string, etag = ""): Response => new Response(JSON.stringify({ says: text }), { headers: { ETag: etag } });
const asked = (count: number): Promise<void> => vi.waitFor(() => expect(requests.length).toBe(count));
const shown = (text: string): Promise<void> => vi.waitFor(() => expect(root.textContent).toBe(text));

test("who logs in again sees what was there before, though the server calls it unchanged", async () => {
  act(() => render(<Shown />, root));
  await asked(1);
  requests[0]?.reply(says("job", "a"));
  await asked(2);
  expect(requests[1]?.etag).toBe("a");
  requests[1]?.reply(new Response("{}", { status: 401 }));
  await shown("logged_out");
  await asked(3);
  // What is no longer shown must not be asked for as known: a 304 would leave nothing to show.
  requests[2]?.reply(requests[2].etag === "a" ? new Response(null, { status: 304 }) : says("job", "a"));
  await shown("job");
});

test("an answer that comes after a newer one is not shown", async () => {
  act(() => render(<Shown />, root));
  await asked(1);
  document.dispatchEvent(new Event("visibilitychange"));
  await asked(2);
  requests[1]?.reply(says("newer"));
  await shown("newer");
  requests[0]?.reply(says("older"));
  await asked(3);
  requests[2]?.reply(says("newest"));
  await shown("newest");
  expect([...texts]).toEqual(["nothing", "newer", "newest"]);
});

test("an answer that is none, as of a proxy that asks to log in, is shown; the next one counts", async () => {
  act(() => render(<Shown />, root));
  await asked(1);
  requests[0]?.reply(new Response("<html>Log in</html>"));
  await shown("unreadable");
  await asked(2);
  requests[1]?.reply(says("job"));
  await shown("job");
});
