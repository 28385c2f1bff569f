import { expect, test } from "vitest";

import { PALETTES } from "../src/charts/palette";
import { parallelChart } from "../src/charts/parameters";
import { tuning } from "./tuning";

const leftOf = (name: string): number => {
  const one = tuning();
  one.parameters[0] = { ...one.parameters[0]!, name };
  return (parallelChart(one, PALETTES.light)["parallel"] as { left: number }).left;
};

test("the first axis leaves room for half of its name, which stands in its middle", () => {
  expect(leftOf("lr")).toBe(40);
  // 18 letters of 12 pixels are up to 126 pixels wide
  expect(leftOf("learning_rate_of_the_optimizer")).toBeGreaterThanOrEqual(63);
});
