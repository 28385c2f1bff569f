/** Failed training jobs, grouped by what they said. */

import { Fragment } from "preact";

import { number, plural } from "../format";
import { failureGroups } from "../metrics";
import type { Tuning } from "../model";
import { TrainingJobLink } from "./TrainingJobLink";

export function Failures({ tuning, onOpen }: { tuning: Tuning; onOpen: (name: string) => void }) {
  const groups = failureGroups(tuning.trainingJobs);
  if (!groups.length) return null;
  return (
    <section aria-labelledby="failures">
      <h2 id="failures">Failures</h2>
      <ul class="failures">
        {groups.map(({ headline, trainingJobs, shared }) => (
          <li key={headline}>
            <details>
              <summary>
                <span class="count">{trainingJobs.length}</span>
                <span>
                  {headline}
                  {shared.length > 0 && (
                    <small class="muted">
                      All of them with {shared.map(([name, value]) => `${name} = ${number(value)}`).join(", ")}
                    </small>
                  )}
                </span>
              </summary>
              <pre>{trainingJobs[0]?.reason ?? "SageMaker gave no reason; the training job's log may."}</pre>
              <p class="muted">
                {plural(trainingJobs.length, "training job")}:{" "}
                {trainingJobs.slice(0, 20).map((t, i) => (
                  <Fragment key={t.name}>
                    {i > 0 && ", "}
                    <TrainingJobLink name={t.name} job={tuning.job.name} onOpen={onOpen} />
                  </Fragment>
                ))}
                {trainingJobs.length > 20 && " …"}
              </p>
            </details>
          </li>
        ))}
      </ul>
    </section>
  );
}
