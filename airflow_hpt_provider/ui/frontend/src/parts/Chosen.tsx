/** What is chosen in the charts, and how to choose all again; in sight wherever the page is scrolled to. */

import type { Tuning } from "../model";
import { ALL, described, isAll } from "../selection";
import type { Selection } from "../selection";

interface Props {
  tuning: Tuning;
  selection: Selection;
  count: number;
  onSelect: (selection: Selection) => void;
}

export function Chosen({ tuning, selection, count, onSelect }: Props) {
  return (
    <div class="chosen" role="status">
      {!isAll(selection) && (
        <p>
          <span>{described(tuning, selection, count)}</span>
          <button type="button" onClick={() => onSelect(ALL)}>
            Show all
          </button>
        </p>
      )}
    </div>
  );
}
