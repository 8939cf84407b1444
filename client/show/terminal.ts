/** What kind of thing a stream to people is. A file or a pipe is no terminal: it gets all there is, as it is. */

type Stream = Pick<NodeJS.WriteStream, 'isTTY' | 'columns'>;

/** Can something be drawn there again and again? A terminal of type "dumb" can only go on. */
export const isDrawnOn = ({ isTTY }: Pick<Stream, 'isTTY'>): boolean =>
  isTTY === true && process.env['TERM'] !== 'dumb';

/** https://no-color.org: set and not empty. */
export const hasColours = (stream: Pick<Stream, 'isTTY'>): boolean => isDrawnOn(stream) && !process.env['NO_COLOR'];

/** Columns of a terminal, of which $COLUMNS may say another number; undefined: there is none. */
export function columnsOf({ isTTY, columns }: Stream): number | undefined {
  if (isTTY !== true) return undefined;
  const said = Number(process.env['COLUMNS']);
  return Number.isSafeInteger(said) && said > 0 ? said : columns || 80;
}
