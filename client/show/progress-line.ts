/** The progress of a query as one line, in the words of PROOF: events, %, events/s, MB/s, time left. Pure. */
import type { EntryCounts } from '../../protocol/session-messages.js';
import { shortNumber } from './terminal-histogram.js';

export interface Progress {
  readonly entries: EntryCounts;
  readonly bytes: number;
  readonly elapsedMs: number;
  readonly entriesPerS: number;
  readonly bytesPerS: number;
  readonly leftMs: number | null;
  readonly workers: number;
}

/** @param width columns that it may take, the rest of which is a bar; null: as plain text, without one */
export function progressLine(p: Progress, width: number | null): string {
  const { total, done, failed } = p.entries;
  const settled = done + failed;
  const fraction = total === null || total === 0 ? null : Math.min(1, settled / total);
  const head = `[Progress] ${total === null ? `${settled}` : `${settled}/${total}`} events `;
  const tail = tailThatFits(p, fraction, (width ?? Number.POSITIVE_INFINITY) - head.length);
  if (width === null) return head + tail;
  const room = width - head.length - tail.length - 3;
  if (fraction === null || room < LEAST_BAR) return (head + tail).slice(0, width);
  const filled = Math.round(fraction * room);
  return `${head}|${'='.repeat(Math.max(0, filled - 1))}${filled > 0 ? '>' : ''}${'.'.repeat(room - filled)}| ${tail}`;
}

const LEAST_BAR = 8;

/** The more of it, the more room there is: time left is told longest. */
function tailThatFits(p: Progress, fraction: number | null, room: number): string {
  const percent = fraction === null ? '' : `${(fraction * 100).toFixed(fraction === 1 ? 0 : 1).padStart(5)} % `;
  const rates = [`${shortNumber(Math.round(p.entriesPerS))} evts/s`, `${(p.bytesPerS / 1e6).toFixed(1)} MB/s`];
  const left = p.leftMs === null ? [] : [`time left: ${formatDuration(p.leftMs)}`];
  const workers = p.workers > 0 ? ` ${p.workers} ${p.workers === 1 ? 'worker' : 'workers'}` : '';
  const tails = [
    `${percent}[${[...rates, ...left].join(', ')}]${workers}`,
    `${percent}[${[...rates, ...left].join(', ')}]`,
    `${percent}[${[...rates.slice(0, 1), ...left].join(', ')}]`,
    `${percent}${left.length > 0 ? `[${left[0]}]` : ''}`,
  ];
  return tails.find((tail) => tail.length <= room) ?? percent;
}

/** 95 s -> "1:35 min", 4 s -> "4.0 s". */
export function formatDuration(ms: number): string {
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  const clock = (n: number): string => String(n).padStart(2, '0');
  if (seconds < 3600) return `${Math.floor(seconds / 60)}:${clock(seconds % 60)} min`;
  return `${Math.floor(seconds / 3600)}:${clock(Math.floor(seconds / 60) % 60)} h`;
}
