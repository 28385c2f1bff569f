/** A link to a training job's view, which opens without loading the page again. */

import { withTrainingJob } from "../address";
import { shortName } from "../format";

interface Props {
  name: string;
  /** The tuning job's name. */
  job: string;
  onOpen: (name: string) => void;
}

export function TrainingJobLink({ name, job, onOpen }: Props) {
  const open = (event: MouseEvent): void => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return; // a new tab
    event.preventDefault();
    onOpen(name);
  };
  return (
    <a href={withTrainingJob(window.location.href, name)} title={name} onClick={open}>
      {shortName(name, job)}
    </a>
  );
}
