import { expect, test } from "vitest";

import { completions, parsed } from "../src/filter";
import { fromAnswer } from "../src/model";
import { answer, tuning } from "./tuning";

const found = (text: string): number[] => {
  const { matches } = parsed(text, tuning());
  return tuning().trainingJobs.filter(matches).map(({ number }) => number);
};
const problem = (text: string): string | null => parsed(text, tuning()).problem;

test.each([
  ["dart", [2, 3, 5]],
  ["BOOM", [2]],
  ["lr<0.03", [3, 4]],
  ["lr <= 0.03", [3, 4, 5]],
  ["lr>=0.1 booster=gbtree", [1]],
  ["lr>=0.1 and booster = gbtree", [1]],
  ["lr>=0.1 AND dart", [2]],
  ["booster!=gbtree && lr<0.5", [3, 5]],
  ["metric<0.4", [3, 4]],
  ["number=2", [2]],
  ["status=failed", [2]],
  ['"boom at"', []],
  ["", [1, 2, 3, 4, 5]],
])("filter %s", (text, expected) => {
  expect(found(text)).toEqual(expected);
  expect(problem(text)).toBeNull();
});

test.each([
  ["lrate>1", "There is no column lrate. Did you mean lr? The columns are lr, booster, metric, duration, status, number."],
  ["Metric<1", "Did you mean metric?"],
  ["boster=dart", "Did you mean booster?"],
  ["bosoter=dart", "Did you mean booster?"],
  ["nosuch>1", "There is no column nosuch. The columns are"],
  ["lr<small", "lr is a number: compare it with a number, not with small."],
  ["booster<3", "booster is a text: compare it with = or !=."],
  ["lr<", "a comparison has a column before its operator and a value after it."],
])("what is wrong with %s is said", (text, said) => {
  expect(problem(text)).toContain(said);
});

test("a comparison that is not understood hides nothing", () => {
  expect(found("nosuch>1 dart")).toEqual([2, 3, 5]);
});

test("names are completed where a name can be, in quotes where they need them", () => {
  expect(completions("l", tuning())).toEqual(["lr"]);
  expect(completions("lr<0.1 and B", tuning())).toEqual(["lr<0.1 and booster"]);
  expect(completions("lr<", tuning())).toEqual([]);
  expect(completions("lr<0", tuning())).toEqual([]);
  expect(completions("", tuning())).toEqual([]);
  const odd = fromAnswer({ ...answer(), parameters: [{ name: "my rate", kind: "continuous", min: 0, max: 1 }], training_jobs: { ...answer().training_jobs, values: { "my rate": [1, 2, 3, 4, 5] } } });
  expect(completions("my", odd)).toEqual(['"my rate"']);
  expect(odd.trainingJobs.filter(parsed('"my rate">3', odd).matches).map(({ number }) => number)).toEqual([4, 5]);
});
