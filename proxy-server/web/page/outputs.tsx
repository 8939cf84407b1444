/** Outputs as pictures (the very same that `--plot` saves), numbers, and rows to be fetched elsewhere. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { HistogramResult, OutputResult, ProfileResult } from '../../../analysis/outputs/result.js';
import { isPlottable, svgPage } from '../../../analysis/plot/svg-page.js';
import { type Column, number, Table } from './parts.js';

export function Outputs({ outputs }: { outputs: readonly OutputResult[] }) {
  const [isLog, setLog] = useState(false);
  const plots = outputs.filter(isPlottable);
  const others = outputs.filter((output) => !isPlottable(output));
  if (outputs.length === 0) return null;
  return (
    <section>
      <h3>Outputs</h3>
      {plots.length > 0 && (
        <label>
          <input type="checkbox" checked={isLog} onChange={() => setLog(!isLog)} /> logarithmic
        </label>
      )}
      <div class="plots">
        {plots.map((plot) => (
          <Plot key={plot.name} plot={plot} isLog={isLog} />
        ))}
      </div>
      {others.length > 0 && <Table rows={others} columns={OTHER} keyOf={({ name }) => name} none="" />}
    </section>
  );
}

function Plot({ plot, isLog }: { plot: HistogramResult | ProfileResult; isLog: boolean }) {
  const svg = useMemo(() => svgPage([plot], { width: 900, height: 600, isLog }), [plot, isLog]);
  const [url, setUrl] = useState('');
  // As an image nothing in it can run, whatever its titles say.
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' }));
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [svg]);
  return (
    <figure>
      <img
        src={url === '' ? undefined : url}
        alt={`${plot.name}: ${plot.type}, ${number(plot.entries)} entries`}
        width={900}
        height={600}
      />
      <figcaption>
        {plot.name}{' '}
        <a href={url} download={`${plot.name}.svg`}>
          SVG
        </a>
      </figcaption>
    </figure>
  );
}

const OTHER: readonly Column<OutputResult>[] = [
  { title: 'output', of: ({ name }) => name },
  { title: 'type', of: ({ type }) => type },
  { title: 'value', of: shownValue },
];

const MOST_TEXT = 300;
function shownValue(output: OutputResult): string {
  switch (output.type) {
    case 'counter':
      return String(output.value);
    case 'list':
      return `${number(output.items.length)} items`;
    case 'ntuple':
      return `${number(output.entries)} rows of ${output.columns.map(({ name }) => name).join(', ')}`;
    case 'object':
      return textOf(output.value).slice(0, MOST_TEXT);
    default:
      return '';
  }
}

const textOf = (value: unknown): string =>
  JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'bigint' ? String(part) : part instanceof Map || part instanceof Set ? [...part] : part,
  ) ?? 'undefined';
