import { act } from "preact/test-utils";

/** A click, and what follows from it. */
export async function fireEvent(element: Element | null | undefined): Promise<void> {
  if (!element) throw new Error("there is no such element");
  await act(async () => {
    (element as HTMLElement).click();
    await Promise.resolve();
  });
}
