import { expect, test } from "vitest";

import { placeOf } from "../src/address";
import { taskPath } from "../src/api";
import { escaped, place } from "../src/charts/options";
import { duration, number, roughly, shortName } from "../src/format";

test.each([
  [0.123456789, "0.12346"],
  [0.00001, "1e−5"],
  [-0.0000123, "−1.23e−5"],
  [12, "12"],
  [1234567890, "1.23e9"],
  ["gbtree", "gbtree"],
  [null, "–"],
])("number %s", (value, text) => expect(number(value)).toBe(text));

test.each([
  [0.2, "< 1 s"],
  [59, "59 s"],
  [125, "2 min 5 s"],
  [7200, "2 h"],
  [90000, "1 d 1 h"],
  [null, "–"],
])("duration %s", (value, text) => expect(duration(value)).toBe(text));

test("estimates are no more precise than they are", () => {
  expect(roughly(30)).toBe("< 1 min");
  expect(roughly(200)).toBe("≈ 3 min");
  expect(roughly(7300)).toBe("≈ 2 h");
});

test("training jobs lose the tuning job's name", () => {
  expect(shortName("churn-001-abc", "churn")).toBe("001-abc");
  expect(shortName("other-001", "churn")).toBe("other-001");
});

test("the address says what to show, below any path, with the placeholder of an unmapped task", () => {
  const at = placeOf("/air/hpt/task/my.dag/manual__2026-01-01T00%3A00%3A00%2B00%3A00/group.tune", "?map_index={MAP_INDEX}", "/air/hpt/");
  expect(at).toEqual({
    kind: "task",
    task: { dag_id: "my.dag", run_id: "manual__2026-01-01T00:00:00+00:00", task_id: "group.tune", map_index: -1 },
  });
  expect(placeOf("/hpt/task/d/r/t", "?map_index=3", "/hpt/")).toMatchObject({ task: { map_index: 3 } });
  expect(placeOf("/hpt/run/d/r", "", "/hpt/")).toEqual({ kind: "run", dagId: "d", runId: "r" });
  expect(placeOf("/hpt/jobs", "", "/hpt/")).toEqual({ kind: "jobs" });
});

test("paths of the API are encoded", () => {
  const task = { dag_id: "d", run_id: "a+b:c", task_id: "t", map_index: -1 };
  expect(taskPath(task, "/stop")).toBe("api/dags/d/runs/a%2Bb%3Ac/tasks/t/stop?map_index=-1");
});

test("values lie on their own scale; what a scale cannot show is left out", () => {
  const parameter = { name: "p", kind: "continuous" as const };
  expect(place({ ...parameter, scale: "reverse_log" }, 0.99)).toBeCloseTo(2);
  expect(place({ ...parameter, scale: "log" }, 0)).toBeNull();
  expect(place({ ...parameter, scale: "log" }, 0.1)).toBe(0.1);
  expect(place({ ...parameter, kind: "categorical" }, "a")).toBe("a");
});

test("a failure reason cannot become HTML in a tooltip", () => {
  expect(escaped(`<img src=x onerror="alert('1')">`)).not.toMatch(/[<>"']/);
});

test("an address that cannot be decoded is taken as it is", () => {
  expect(placeOf("/hpt/run/d/50%", "", "/hpt/")).toEqual({ kind: "run", dagId: "d", runId: "50%" });
});
