/** The page of one tuning job. */

import { useEffect, useMemo, useState } from "preact/hooks";

import { taskPath } from "../api";
import { canBeLog } from "../charts/objective";
import { PALETTES } from "../charts/palette";
import { fromAnswer } from "../model";
import type { Answer, TaskInstance } from "../model";
import { useOpened } from "../opened";
import { usePolling } from "../polling";
import { ALL, chosen as chosenOf } from "../selection";
import type { Selection } from "../selection";
import type { Theme } from "../theme";
import { Hyperparameters, Objective, Parallel } from "./Charts";
import { Chosen } from "./Chosen";
import { Compare } from "./Compare";
import { Curves } from "./Curves";
import { Failures } from "./Failures";
import { Header } from "./Header";
import { Leaderboard } from "./Leaderboard";
import { Notice, Stale } from "./Notice";
import { Pairs } from "./Pairs";
import { Several } from "./Several";
import { Timeline } from "./Timeline";
import { TrainingJob } from "./TrainingJob";

export function TaskPage({ task, theme }: { task: TaskInstance; theme: Theme }) {
  const { value, problem, reload } = usePolling<Answer>(taskPath(task), (answer) => (answer?.job.ended ? 30 : 4));
  const [wantsLog, setLog] = useState(false);
  const tuning = useMemo(() => value && fromAnswer(value), [value]);
  const palette = PALETTES[theme];
  const [opened, open] = useOpened();
  const [selection, select] = useState<Selection>(ALL);
  const chosen = useMemo(() => tuning && chosenOf(tuning, selection), [tuning, selection]);
  useEffect(() => {
    select(ALL); // of another tuning job
    document.title = tuning ? `${tuning.job.name} · Tuning` : "Tuning";
  }, [tuning?.job.name]);

  if (!tuning) {
    if (problem) return <Notice problem={problem} onRetry={reload} />;
    return (
      <p class="loading" role="status">
        Reading the tuning job …
      </p>
    );
  }
  const log = wantsLog && canBeLog(tuning);
  // Keyed by name: a task may continue with another tuning job, to which no choice made for this one applies.
  return (
    <article key={tuning.job.name}>
      {problem && <Stale problem={problem} />}
      <Header tuning={tuning} task={task} onStopped={reload} onOpen={open} />
      <Chosen {...{ tuning, selection }} count={chosen?.size ?? tuning.trainingJobs.length} onSelect={select} />
      <Objective {...{ tuning, palette, log }} onLog={setLog} onOpen={open} selection={selection} chosen={chosen} onSelect={select} />
      {!tuning.job.best && <Failures key="failures" tuning={tuning} onOpen={open} />}
      <Leaderboard tuning={tuning} task={task} onOpen={open} chosen={chosen} />
      {tuning.job.best && <Failures key="failures" tuning={tuning} onOpen={open} />}
      <Hyperparameters {...{ tuning, palette, log, task, chosen }} onOpen={open} />
      <Parallel {...{ tuning, palette, selection }} onOpen={open} onSelect={select} />
      <Pairs {...{ tuning, palette, chosen }} onOpen={open} />
      <Curves {...{ tuning, task, palette, chosen }} onOpen={open} />
      <Timeline {...{ tuning, palette, chosen }} onOpen={open} />
      <Compare {...{ tuning, task, palette, log }} />
      <Several {...{ tuning, task, palette }} />
      {opened !== null && <TrainingJob {...{ tuning, task }} name={opened} onOpen={open} onStopped={reload} />}
    </article>
  );
}
