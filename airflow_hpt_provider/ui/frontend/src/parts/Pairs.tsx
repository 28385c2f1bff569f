/** The objective over any two hyperparameters. */

import { useMemo, useState } from "preact/hooks";

import { Chart } from "../charts/Chart";
import { pairChart } from "../charts/pairs";
import type { Palette } from "../charts/palette";
import { number } from "../format";
import { bestOf } from "../metrics";
import type { Parameter, Tuning } from "../model";

interface Props {
  tuning: Tuning;
  palette: Palette;
  chosen: Set<number> | null;
  onOpen: (name: string) => void;
}

export function Pairs({ tuning, palette, chosen, onOpen }: Props) {
  const [names, setNames] = useState<[string, string]>(["", ""]);
  const { parameters } = tuning;
  const of = (name: string, otherwise: number): Parameter | undefined => parameters.find((one) => one.name === name) ?? parameters[otherwise];
  const [x, y] = [of(names[0], 0), of(names[1], 1)];
  const option = useMemo(() => x && y && pairChart(tuning, x, y, palette, chosen), [tuning, x, y, palette, chosen]);
  const best = bestOf(tuning);
  if (!x || !y || !option || !best) return null;
  const metric = tuning.job.objective?.metric ?? "objective";
  return (
    <section aria-labelledby="pairs">
      <div class="section-head">
        <h2 id="pairs">
          Two at a time <span class="muted">{metric} over two hyperparameters</span>
        </h2>
        <div class="tools">
          <Choice label="Across" value={x.name} parameters={parameters} onChange={(name) => setNames([name, y.name])} />
          <Choice label="Up" value={y.name} parameters={parameters} onChange={(name) => setNames([x.name, name])} />
        </div>
      </div>
      <Chart
        option={option}
        height={360}
        onPick={onOpen}
        label={`${metric} over ${x.name} and ${y.name}. The best has ${x.name} ${number(best.values[x.name])} and ${y.name} ${number(best.values[y.name])}.`}
      />
      <p class="legend" aria-hidden="true">
        <span>
          worst <i class="ramp" style={{ background: `linear-gradient(to right, ${palette.ramp.join(", ")})` }} /> best
        </span>
      </p>
      <p class="muted small">
        For contour, rank and EDF plots, export the tuning job to Optuna (<code>airflow-hpt export NAME --optuna URL</code>) and open it in
        optuna-dashboard.
      </p>
    </section>
  );
}

interface ChoiceProps {
  label: string;
  value: string;
  parameters: Parameter[];
  onChange: (name: string) => void;
}

function Choice({ label, value, parameters, onChange }: ChoiceProps) {
  return (
    <label class="labelled">
      {label}
      <select value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {parameters.map(({ name }) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
