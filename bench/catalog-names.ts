/** Names as experiments have them, and lines that register them: five files a directory, twenty directories a run. */
export const FILES = Number(process.env['CATALOG_BENCH_FILES'] ?? 1_000_000);
export const NAMES = ['AliESDs.root', 'AliESDfriends.root', 'Run.ESD.tag.root', 'log_archive.zip', 'root_archive.zip'];
export const CHUNKS_A_RUN = 20;
export const FIRST_RUN = 104_892;

export const runDirectory = (run: number): string =>
  `/alice/data/2009/LHC09${'abcdefgh'[run % 8]}/${String(FIRST_RUN + run).padStart(9, '0')}`;
/** As /alice/data/2009/LHC09d/000104892/ESDs/pass1/09000104892018.10/AliESDs.root */
export function fileName(i: number): string {
  const chunk = Math.floor(i / NAMES.length);
  const run = Math.floor(chunk / CHUNKS_A_RUN);
  const part = String(1800 + (chunk % CHUNKS_A_RUN)).padStart(5, '0');
  return `${runDirectory(run)}/ESDs/pass1/09${String(FIRST_RUN + run).padStart(9, '0')}${part.slice(0, 3)}.${part.slice(3)}/${NAMES[i % NAMES.length]}`;
}

function line(name: string, i: number): string {
  const sum = (Math.imul(i, 2654435761) >>> 0).toString(16).padStart(8, '0');
  const guid = `${sum}-${sum.slice(0, 4)}-11e0-9717-${sum}0001`;
  return `{"lfn":"${name}","size":${100_000_000 + i},"checksum":"adler32:${sum}","guid":"${guid}","url":"root://eos.cern.ch:1094/${name}"}\n`;
}

export function* lines(first: number, end: number, nameOf: (i: number) => string): Generator<Buffer> {
  let text = '';
  for (let i = first; i < end; i++) {
    text += line(nameOf(i), i);
    if (text.length > 256 * 1024) {
      yield Buffer.from(text);
      text = '';
    }
  }
  yield Buffer.from(text);
}
