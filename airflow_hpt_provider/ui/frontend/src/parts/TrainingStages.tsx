/** What a training job did, stage by stage. */

import { duration, status } from "../format";
import type { TrainingJobDetail } from "../model";

interface Props {
  transitions: TrainingJobDetail["transitions"];
  /** Until when a stage without an end has lasted; null if the training job has ended. */
  now: number | null;
}

export function Stages({ transitions, now }: Props) {
  return (
    <section aria-labelledby="stages">
      <h3 id="stages">Stages</h3>
      <ol class="stages">
        {transitions.map(({ status: word, started, ended, message }, i) => {
          const end = ended ?? now;
          return (
            <li key={i}>
              <b>{status(word)}</b> <span class="muted">{started !== null && end !== null ? duration(Math.max(0, end - started)) : ""}</span>
              {message && <span class="words-line">{message}</span>}
            </li>
          );
        })}
      </ol>
    </section>
  );
}
