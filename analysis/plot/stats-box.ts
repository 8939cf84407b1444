/** The box with entries, mean and the like: in the corner of the frame where nothing is drawn; where all are full, room is made above. */
import type { Frame } from './frame.js';
import { fixed, svgText, textWidth } from './svg-text.js';

export type StatsRow = readonly [name: string, value: string];

/** A rectangle on the page, y downwards. */
export interface Place {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

const CORNERS = [
  { isLeft: false, isTop: true },
  { isLeft: true, isTop: true },
  { isLeft: false, isTop: false },
  { isLeft: true, isTop: false },
] as const;
type Corner = (typeof CORNERS)[number];

const sizeOf = (frame: Frame): number => 0.85 * frame.text;

export function placeIn(frame: Frame, rows: readonly StatsRow[], { isLeft, isTop }: Corner): Place {
  const size = sizeOf(frame);
  const names = rows.reduce((most, [name]) => Math.max(most, textWidth(name, size)), 0);
  const values = rows.reduce((most, [, value]) => Math.max(most, textWidth(value, size)), 0);
  const width = names + values + 2.6 * size;
  const height = (rows.length * 1.45 + 0.7) * size;
  const left = isLeft ? frame.left + 1.6 * size : frame.right - width - 1.6 * size;
  const top = isTop ? frame.top + 1.6 * size : frame.bottom - height - 1.6 * size;
  return { left, right: left + width, top, bottom: top + height };
}

/** The first corner in which nothing of `drawn` is; undefined where all are taken. */
export function freeCorner(frame: Frame, rows: readonly StatsRow[], drawn: readonly Place[]): Corner | undefined {
  return CORNERS.find((corner) => {
    const { left, right, top, bottom } = placeIn(frame, rows, corner);
    const gap = 0.4 * frame.text;
    return !drawn.some(
      (it) => it.left < right + gap && it.right > left - gap && it.top < bottom + gap && it.bottom > top - gap,
    );
  });
}

/** The upper corner with more room, and how many times higher the axis must reach so that nothing is behind the box. */
export function roomierCorner(
  frame: Frame,
  rows: readonly StatsRow[],
  drawn: readonly Place[],
): { corner: Corner; stretch: number } {
  const height = frame.bottom - frame.top;
  const stretches = CORNERS.filter(({ isTop }) => isTop).map((corner) => {
    const place = placeIn(frame, rows, corner);
    const below = drawn.filter((it) => it.left < place.right + frame.text && it.right > place.left - frame.text);
    const highest = below.reduce((most, it) => Math.max(most, frame.bottom - it.top), 0);
    const room = frame.bottom - place.bottom - 0.6 * frame.text;
    // In a picture that small the box lies over the data: better than data that nobody sees.
    return { corner, stretch: room < 0.35 * height ? 1 : Math.max(1, highest / room) };
  });
  return stretches.reduce((a, b) => (b.stretch < a.stretch ? b : a));
}

export function statsBox(frame: Frame, rows: readonly StatsRow[], { left, right, top, bottom }: Place): string {
  const size = sizeOf(frame);
  const lines = rows.map(([name, value], i) => {
    const line = top + (i * 1.45 + 1.35) * size;
    return (
      svgText(left + 0.7 * size, line, name, { size, colour: '#444444' }) +
      svgText(right - 0.7 * size, line, value, { size, anchor: 'end' })
    );
  });
  return `<rect x="${fixed(left)}" y="${fixed(top)}" width="${fixed(right - left)}" height="${fixed(bottom - top)}" rx="${fixed(size / 4)}" fill="#ffffff" fill-opacity="0.88" stroke="#b8b8b8" stroke-width="${fixed(size / 14)}"/>\n${lines.join('\n')}`;
}
